"""A first mapping, made from folders and from who uses whom."""

from pathlib import Path

from infra.boundaries.adoption import mapping
from infra.boundaries.adoption.proposal import Proposal, proposed, written
from infra.boundaries.adoption.survey import Look, read
from tests.boundaries.adoption.legacy import planted

# Six apps in three villages that keep to themselves, and one app that all know.
_VILLAGES = {"orders": ("orders", "refunds"), "stock": ("stock", "suppliers"), "people": ("people", "letters")}


def _village(folder: Path) -> Path:
    files: dict[str, str] = {"shop/__init__.py": "", "shop/refunds_and_more.py": ""}
    for large, small in _VILLAGES.values():
        for app in (large, small):
            files |= {f"shop/{app}/__init__.py": "", f"shop/{app}/models.py": _model(app)}
        for number in range(4):
            files[f"shop/{large}/uses{number}.py"] = f"from shop.{small}.models import {small.title()}\n"
            files[f"shop/{small}/uses{number}.py"] = f"from shop.{large}.models import {large.title()}\n"
    files["shop/orders/others.py"] = "from shop.stock.models import Stock\n"
    files["shop/stock/others.py"] = "from shop.people.models import People\n"
    files |= {"shop/tools/__init__.py": "", "shop/tools/apps.py": "class Tools(AppConfig):\n    name = 'shop.tools'\n"}
    files["shop/tools/lists.py"] = "def first(many):\n    return many[0]\n"
    for app in ("orders", "refunds", "stock", "suppliers", "people"):
        files[f"shop/{app}/tooled.py"] = "from shop.tools.lists import first\n"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _model(app: str) -> str:
    return f"from django.db import models\nclass {app.title()}(models.Model):\n    pass\n"


def _proposal(folder: Path) -> Proposal:
    look = read(folder, lambda _: None)
    return proposed(look.inventory, look.uses)


def test_each_outermost_app_is_a_module_and_the_rest_stands_below_or_above(look: Look) -> None:
    modules = proposed(look.inventory, look.uses).modules

    assert modules.modules == {
        name: (f"shop.{name}",) for name in ("accounts", "back_office", "mail", "sales", "stock")
    }
    assert "shop.core" in modules.shared
    assert {"manage", "shop.settings", "shop.urls"} <= {*modules.above}


def test_apps_that_can_hardly_be_told_apart_are_one_module(tmp_path: Path) -> None:
    proposal = _proposal(_village(tmp_path))

    assert sorted(proposal.modules.modules.values()) == [
        ("shop.letters", "shop.people"),
        ("shop.orders", "shop.refunds"),
        ("shop.stock", "shop.suppliers"),
    ]
    assert proposal.reasons["shop.refunds"] == "8 of its 8 ties are with orders, both ways"


def test_an_app_that_all_use_and_whose_rows_nobody_uses_is_plumbing(tmp_path: Path) -> None:
    proposal = _proposal(_village(tmp_path))

    assert "shop.tools" in proposal.modules.shared
    assert "5 of 7 apps use it" in proposal.reasons["shop.tools"]


def test_an_app_inside_another_belongs_to_it(tmp_path: Path) -> None:
    inner = {"shop/stock/counting/__init__.py": "", "shop/stock/counting/models.py": _model("count")}

    modules = _proposal(planted(tmp_path, inner)).modules

    assert ("shop.stock.counting",) not in modules.modules.values()
    assert modules.home_of("shop.stock.counting.models") == "stock"


def test_what_is_written_can_be_read_and_means_the_same(tmp_path: Path) -> None:
    proposal = _proposal(_village(tmp_path / "site"))
    file = tmp_path / mapping.FILE

    file.write_text(written(proposal))

    assert mapping.read(file) == proposal.modules
    assert "8 of its 8 ties" in file.read_text()


def test_a_project_of_one_app_is_said_to_need_a_hand(tmp_path: Path) -> None:
    for name, text in {"shop/__init__.py": "", "shop/models.py": _model("order")}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert "Split the largest by hand" in _proposal(tmp_path).notes[0]
