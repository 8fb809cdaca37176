from pathlib import Path

import pytest
from pytest_django import Settings

from tests.api import Api


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "catalog").mkdir()
    (tmp_path / "secret.png").write_text("secret")
    return tmp_path / "catalog"


def test_a_picture_is_given_out_and_cannot_run_anything(api: Api, media: Path) -> None:
    (media / "lamp.svg").write_text("<svg/>")

    answer = api.get("/media/catalog/lamp.svg")

    assert b"".join(answer.streaming_content) == b"<svg/>"  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()
    known = api.get("/media/catalog/lamp.svg", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert known.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["missing.svg", "../secret.png", "%2e%2e/secret.png", "page.html", "", "a%00.svg", "/etc/passwd", "folder.svg"],
)
def test_nothing_but_pictures_is_given_out(api: Api, media: Path, path: str) -> None:
    (media / "page.html").write_text("<script>x</script>")
    (media / "folder.svg").mkdir()

    assert api.get(f"/media/catalog/{path}").status_code == 404


def test_pictures_are_only_read(api: Api, media: Path) -> None:
    (media / "lamp.svg").write_text("<svg/>")

    assert api.post("/media/catalog/lamp.svg").status_code == 405
