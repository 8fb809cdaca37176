"""A project is read as text, whatever it is made of, and nothing that is in it stops the look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.boundaries.static import Project, check, mapped_project
from infra.boundaries.static.files import LARGEST
from infra.boundaries.static.project import Zone

MAPPING = {"sales": ["shop.sales", "shop.offers"], "stock": ["shop.stock"]}


def written(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def shop(root: Path, files: Mapping[str, str | bytes], **options: object) -> Project:
    return mapped_project(written(root, files), MAPPING, **options)  # type: ignore[arg-type]


def test_the_longest_prefix_says_whose_a_name_is(tmp_path: Path) -> None:
    project = mapped_project(
        tmp_path, {"sales": ["shop"], "stock": ["shop.stock"]}, below=["shop.core"], above=["site"]
    )

    assert project.module_of("shop.views.Page") == "sales"
    assert project.module_of("shop.stock.models.Item") == "stock"
    assert project.module_of("shopping") == ""
    assert project.zone_of("shop.stock.models") is Zone.MODULE
    assert project.zone_of("shop.core.money") is Zone.BELOW
    assert project.zone_of("site.urls") is Zone.ABOVE
    assert project.zone_of("django.db") is Zone.OUTSIDE


def test_tests_of_a_module_see_everything(tmp_path: Path) -> None:
    text = "from shop.stock.models import Item\n"

    project = shop(
        tmp_path,
        {
            "shop/sales/tests/factories.py": text,
            "shop/sales/test_views.py": text,
            "shop/stock/models.py": "class Item: ...",
        },
    )

    assert check(project) == []


@pytest.mark.parametrize("public", [["contract"], {"stock": ["contract"]}, {"stock": ["shop.stock.contract"]}])
def test_public_names_are_given_below_each_package_or_in_full(tmp_path: Path, public: object) -> None:
    project = shop(tmp_path, {}, public=public)

    assert project.is_public("shop.stock.contract.Offer")
    assert not project.is_public("shop.stock.contracts")
    assert not project.is_public("shop.stock.models")


@pytest.mark.parametrize("folder", ["", "src/", "backend/"])
def test_packages_are_found_at_the_root_and_one_folder_below(tmp_path: Path, folder: str) -> None:
    project = shop(tmp_path, {f"{folder}shop/sales/views.py": "from shop.stock.models import Item\n"})

    assert [finding.path for finding in check(project)] == [f"{folder}shop/sales/views.py"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"def half(:\n", "Python cannot parse it"),
        (b"name = '\xff\xfe'\n", "Python cannot parse it"),
        (b"print 'two'\n", "Python cannot parse it"),
        (b"a = 1\x00\n", ""),
        (b"# -*- coding: klingon -*-\n", "Python cannot parse it"),
        (b"x = " + b"(" * 5000 + b")" * 5000, ""),
        (b"#" * (LARGEST + 1), "more than"),
    ],
    ids=["a syntax error", "no utf-8", "Python 2", "a null byte", "an unknown encoding", "deep nesting", "a huge file"],
)
def test_what_cannot_be_read_is_said_and_stops_nothing(tmp_path: Path, text: bytes, reason: str) -> None:
    project = shop(tmp_path, {"shop/sales/odd.py": text, "shop/sales/views.py": "from shop.stock.models import Item\n"})

    found = check(project)

    assert [finding.rule.id for finding in found] == ["BND101", "BND131"]
    assert reason in found[1].detail


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbffrom shop.stock.models import Item\n",
        "# -*- coding: latin-1 -*-\nname = 'é'\nfrom shop.stock.models import Item\n".encode("latin-1"),
        ("x = " + " + ".join(["'a'"] * 900) + "\nfrom shop.stock.models import Item\n").encode(),
        b"from ....nowhere import x\nfrom shop.stock.models import *\n",
    ],
    ids=["a byte order mark", "a declared encoding", "a long expression", "imports from above the root, and a star"],
)
def test_odd_files_are_read_nevertheless(tmp_path: Path, text: bytes) -> None:
    project = shop(tmp_path, {"shop/sales/views.py": text})

    assert [finding.rule.id for finding in check(project)] == ["BND101"]


def test_a_project_that_is_not_there_has_no_findings(tmp_path: Path) -> None:
    assert check(shop(tmp_path / "nowhere", {}, below=["shop.core"])) == []


def test_what_belongs_to_whom_is_known_by_name(tmp_path: Path) -> None:
    project = shop(
        tmp_path,
        {
            "shop/stock/apps.py": "class StockConfig(AppConfig):\n    name = 'shop.stock'\n    label = 'shelves'\n",
            "shop/stock/models.py": "from django.db import models\n\n\nclass Base(models.Model):\n    class Meta:\n"
            "        abstract = True\n\n\nclass Item(Base):\n    tags = models.ManyToManyField('self')\n\n\n"
            "class Box(Base):\n    class Meta:\n        db_table = 'boxes'\n",
            "shop/stock/migrations/0002.py": "SQL = 'CREATE TABLE IF NOT EXISTS shelf_word (word text)'\n",
            "shop/stock/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef count(): ...\n\n\n"
            "@shared_task(name='recount')\ndef again(): ...\n",
            "shop/stock/urls.py": "app_name = 'shelves'\n",
            "shop/sales/urls.py": "urlpatterns = [path('', view, name='front')]\n",
            "shop/stock/templatetags/pieces.py": "",
            "shop/stock/templates/stock/page.html": "",
            "shop/stock/static/stock/page.css": "",
            "shop/stock/management/commands/recount.py": "",
            "shop/stock/signals.py": "from django.dispatch import Signal\n\ncounted = Signal()\n",
            "shop/settings.py": "AUTH_USER_MODEL = 'shelves.Item'\n",
        },
    )

    index = project.index

    assert index.labels["shelves"] == "stock"
    assert set(index.models) == {("shelves", "item"), ("shelves", "box")}
    assert set(index.tables) == {"shelves_item", "shelves_item_tags", "boxes", "shelf_word"}
    assert set(index.tasks) == {"shop.stock.tasks.count", "recount"}
    assert index.namespaces == {"shelves": "stock"}
    assert index.addresses == {"front": {"sales"}}
    assert (*index.libraries, *index.commands, *index.signals) == ("pieces", "recount", "shop.stock.signals.counted")
    assert (*index.templates, *index.static_files) == ("stock/page.html", "stock/page.css")
    assert index.owner_of_model(index.user_model) == "stock"
