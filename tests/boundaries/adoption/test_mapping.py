"""The file that says which app belongs to which module."""

from pathlib import Path

import pytest

from infra.boundaries.adoption.mapping import ABOVE, OUTSIDE, SHARED, MappingError, ModuleMap, read
from tests.boundaries.adoption.legacy import MAP


def _read(folder: Path, text: str) -> ModuleMap:
    file = folder / "map.toml"
    file.write_text(text)
    return read(file)


def test_the_longest_prefix_decides(tmp_path: Path) -> None:
    modules = _read(tmp_path, MAP)

    assert modules.home_of("shop.accounts.models.Account") == "people"
    assert modules.home_of("shop.core.words") == SHARED
    assert modules.home_of("shop.settings") == ABOVE
    assert modules.home_of("elsewhere") == OUTSIDE
    assert modules.home_of("shop.salesmen") == ABOVE  # begins like shop.sales, and is another package


def test_only_what_is_listed_is_public(tmp_path: Path) -> None:
    modules = _read(tmp_path, MAP)

    assert modules.is_public("stock", "shop.stock.forms.StockForm")
    assert not modules.is_public("stock", "shop.stock.models.Item")
    assert not modules.is_public("sales", "shop.sales.views")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[modules", "is not TOML"),
        ("", "names no module"),
        ('[modules]\nsales = "shop.sales"', "is a list of dotted names"),
        ('[modules]\nsales = ["shop/sales"]', "is a list of dotted names"),
        ('[modules]\n"the sales" = ["shop.sales"]', "is no name"),
        ('[modules]\nsales = ["shop.sales"]\n[rules]', r"\[rules\] means nothing"),
        ('[modules]\nsales = ["shop.sales"]\n[around]\nbelow = []', "below means nothing"),
        ('[modules]\nsales = ["shop.sales"]\n[public]\nstock = ["shop.stock"]', "which .modules. does not"),
        ('[modules]\nsales = ["shop.sales"]\nstock = ["shop.sales"]', "belongs to sales and to stock"),
        ('[modules]\nsales = ["shop.sales"]\n[around]\nshared = ["shop.sales"]', "belongs to sales and to"),
        ("modules = 3", "is a table"),
    ],
)
def test_a_file_that_means_nothing_is_refused_with_what_to_change(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        _read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused_with_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="--propose"):
        read(tmp_path / "map.toml")
