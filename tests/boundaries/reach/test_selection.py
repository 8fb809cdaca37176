"""Which tests a change can reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from infra.boundaries.manifest import Manifest
from infra.boundaries.reach import Selection, reached

STOCK = Manifest(
    name="stock", owner="A", purpose="B", tables=(), offers=("stock.v1",), publishes=("stock.item_counted.v1",)
)
SALES = Manifest(name="sales", owner="A", purpose="B", tables=(), asks=("stock.v1",))
NEWS = Manifest(name="news", owner="A", purpose="B", tables=(), hears=("stock.item_counted.v1",))
IMPORTS = {
    "infra.ledger": ["infra.ledger_report", "tests.infra.ledger.test_ledger"],
    "infra.money": ["modules.stock.contract", "tests.stock.test_stock"],
    "monolith.pages": ["monolith.urls", "tests.monolith.test_pages", "tests.journeys.test_buying"],
}


def select(*changed: str, always: Sequence[str] = ()) -> Selection:
    def importers(name: str) -> Iterable[str]:
        return IMPORTS.get(name, ())

    return reached(changed, manifests=[STOCK, SALES, NEWS], package="modules", importers=importers, always=always)


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ("modules/stock/models/items.py", ["tests/stock"]),
        ("modules/stock/templates/stock/page.html", ["tests/stock"]),
        ("modules/stock/service.py", ["tests/stock"]),
        ("modules/stock/contract.py", ["tests/compatibility", "tests/sales", "tests/stock"]),
        ("modules/stock/events.py", ["tests/compatibility", "tests/news", "tests/stock"]),
        ("modules/stock/manifest.py", ["tests/architecture", "tests/boundaries", "tests/stock"]),
        ("tests/stock/test_items.py", ["tests/stock"]),
        ("tests/stock/fakes.py", ["tests/sales", "tests/stock"]),
        ("tests/journeys/test_buying.py", ["tests/journeys/test_buying.py"]),
        ("tests/journeys/shopping.py", ["tests/journeys"]),
        ("infra/ledger.py", ["tests/infra/ledger"]),
        ("infra/ledger/__init__.py", ["tests/infra/ledger"]),
        ("monolith/pages.py", ["tests/journeys", "tests/monolith"]),
        ("README.md", ["tests/architecture/test_readmes.py"]),
    ],
)
def test_a_change_reaches_those_who_could_notice(changed: str, paths: list[str]) -> None:
    selection = select(changed)

    assert not selection.everything
    assert selection.paths == paths


@pytest.mark.parametrize(
    "changed",
    [
        "infra/money.py",
        "infra/nobody_imports.py",
        "pyproject.toml",
        "requirements/test.lock",
        "tests/conftest.py",
        "Makefile",
    ],
)
def test_what_all_stand_on_or_nobody_understands_reaches_everything(changed: str) -> None:
    assert changed in select("modules/stock/service.py", changed).everything


def test_a_path_within_another_is_not_named_twice() -> None:
    assert select("tests/journeys/test_buying.py", "tests/journeys/shopping.py").paths == ["tests/journeys"]


def test_tests_that_read_all_code_run_for_any_change_of_code() -> None:
    assert (
        "tests/architecture/test_imports.py"
        in select("modules/stock/service.py", always=["tests/architecture/test_imports.py"]).paths
    )
    assert select("README.md", always=["tests/architecture/test_imports.py"]).paths == [
        "tests/architecture/test_readmes.py"
    ]


def test_each_selected_path_says_why() -> None:
    assert select("modules/stock/contract.py").reasons["tests/sales"] == ["sales asks stock"]
