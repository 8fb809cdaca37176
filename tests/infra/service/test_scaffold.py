"""What scaffold makes, again and again, and what the files say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from infra.boundaries.manifest import Manifest
from infra.service.scaffold.making import NOTES, rendered, scaffold

KUBERNETES = "1.33"
LONG = Manifest(
    name="gift_cards_and_vouchers_of_all_our_shops",
    owner="Gifts team <gifts@example.com>",
    purpose="Vouchers.",
    tables=(),
    offers=("gift_cards_and_vouchers_of_all_our_shops.v1",),
    url_prefixes=("/api/v1/gift_cards_and_vouchers_of_all_our_shops/", "/vouchers.json"),
)
EVERY = (*settings.MANIFESTS, LONG)
NAMES = [manifest.name for manifest in EVERY]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "extracted" / "payments"
    scaffold("payments", folder, manifests=EVERY)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_a_repeat_changes_nothing(folder: Path) -> None:
    before = contents(folder)

    again = scaffold("payments", folder, manifests=EVERY)

    assert not again.written
    assert not again.kept
    assert contents(folder) == before


def test_what_somebody_changed_stays_until_it_is_forced(folder: Path) -> None:
    settings_file = folder / "settings.py"
    sound = settings_file.read_text()
    settings_file.write_text(sound + "SHOP_NAME = 'Ours'\n")

    again = scaffold("payments", folder, manifests=EVERY)
    assert again.kept == (settings_file,)
    assert "Ours" in settings_file.read_text()

    forced = scaffold("payments", folder, manifests=EVERY, force=True)
    assert forced.written == (settings_file,)
    assert settings_file.read_text() == sound


def test_what_nobody_changed_follows_a_newer_template(folder: Path) -> None:
    # As an older version had made it: the notes know the file as it is.
    older = "# of an older version\n"
    (folder / "urls.py").write_text(older)
    notes = (folder / NOTES).read_text()
    (folder / NOTES).write_text(re.sub(r'("urls.py": ")\w+', rf"\g<1>{digest(older)}", notes))

    again = scaffold("payments", folder, manifests=EVERY)

    assert again.written == (folder / "urls.py",)


def test_a_file_that_was_deleted_comes_back(folder: Path) -> None:
    (folder / "Dockerfile").unlink()

    assert scaffold("payments", folder, manifests=EVERY).written == (folder / "Dockerfile",)


def test_a_file_that_stood_there_before_is_nobodys_to_overwrite(tmp_path: Path) -> None:
    folder = tmp_path / "extracted" / "payments"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("our own")

    assert scaffold("payments", folder, manifests=EVERY).kept == (folder / "README.md",)


def test_a_module_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="There is no module paiments; there are catalog, orders"):
        scaffold("paiments", tmp_path / "extracted" / "paiments", manifests=EVERY)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", NAMES)
def test_the_code_is_formatted_typed_and_thin(module: str, tmp_path: Path) -> None:
    scaffold(module, tmp_path / "extracted" / module, manifests=EVERY)

    for command in (("format", "--check"), ("check",)):
        judged = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--config",
                f"{settings.BASE_DIR}/pyproject.toml",
                "--no-cache",
                tmp_path,
            ],
            capture_output=True,
            text=True,
        )
        assert judged.returncode == 0, judged.stdout
    own = [file for file in tmp_path.rglob("*.py") if "tests" not in file.parts]
    assert sum(len(statements(file)) for file in own) < 30, "everything general lives in infra/service"


def statements(file: Path) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.stmt)]


def documents(module: str) -> Iterator[dict[str, Any]]:
    for name, text in rendered(module, EVERY).items():
        if name.startswith("kubernetes/"):
            yield from yaml.safe_load_all(text)


@pytest.mark.parametrize("module", NAMES)
def test_the_objects_are_what_kubernetes_knows(module: str) -> None:
    kinds = []
    for document in documents(module):
        kinds.append(document["kind"])
        if document["kind"] != "HTTPRoute":  # the Gateway API is no part of Kubernetes' own schemas
            kubernetes_validate.validate(document, KUBERNETES, strict=True)

    assert sorted(kinds) == ["ConfigMap", "Deployment", "HTTPRoute", "Job", "Secret", "Secret", "Service"]


def test_a_misspelt_field_would_be_seen() -> None:
    deployment = next(document for document in documents("payments") if document["kind"] == "Deployment")
    deployment["spec"]["replica"] = deployment["spec"].pop("replicas")

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


@pytest.mark.parametrize("module", NAMES)
def test_the_objects_fit_together(module: str) -> None:
    by_kind: dict[str, dict[str, Any]] = {document["kind"]: document for document in documents(module)}
    names = {document["metadata"]["name"] for document in documents(module)}
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) for name in names)

    pods = by_kind["Deployment"]["spec"]["template"]
    assert by_kind["Service"]["spec"]["selector"].items() <= pods["metadata"]["labels"].items()
    for owner in ("Deployment", "Job"):
        container = by_kind[owner]["spec"]["template"]["spec"]["containers"][0]
        assert {next(iter(source.values()))["name"] for source in container["envFrom"]} <= names
    serving = {next(iter(source.values()))["name"] for source in pods["spec"]["containers"][0]["envFrom"]}
    assert not any("owner" in name for name in serving), "what serves knows no owner's password"


@pytest.mark.parametrize("module", NAMES)
def test_the_route_covers_what_the_manifest_declares_with_weights_for_both(module: str) -> None:
    route = next(document for document in documents(module) if document["kind"] == "HTTPRoute")
    manifest = next(manifest for manifest in EVERY if manifest.name == module)
    expected = {
        ("PathPrefix" if prefix.endswith("/") else "Exact", prefix.rstrip("/")) for prefix in manifest.url_prefixes
    }

    for rule in route["spec"]["rules"]:
        assert {(match["path"]["type"], match["path"]["value"]) for match in rule["matches"]} == expected
        assert sum(backend["weight"] for backend in rule["backendRefs"]) == 100
        assert [set(backend) for backend in rule["backendRefs"]] == [{"name", "port", "weight"}] * 2
    assert [rule["name"] for rule in route["spec"]["rules"]] == ["reads", "writes"]


@pytest.mark.parametrize("module", NAMES)
def test_the_containers_run_what_is_there(module: str) -> None:
    texts = rendered(module, EVERY)
    compose: Mapping[str, Any] = yaml.safe_load(texts["compose.yaml"])

    ours = {name: service for name, service in compose["services"].items() if "build" in service}
    assert set(ours) == {"web", "worker", "setup"}
    assert [name for name, service in ours.items() if "owners.env" in service["env_file"]] == ["setup"]
    assert f"extracted.{module}.celery" in ours["worker"]["command"]
    assert f'"extracted.{module}.manage", "serve"' in texts["Dockerfile"]
    assert "--require-hashes -r /srv/run.lock" in texts["Dockerfile"]


def digest(text: str) -> str:
    from infra.service.scaffold.making import _digest

    return _digest(text)
