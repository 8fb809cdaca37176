"""Every form of the map says the same, and is well formed."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from infra.boundaries.map import as_json, mermaid, svg, table
from infra.boundaries.map.layout import laid_out
from infra.boundaries.map.model import Map, drawn
from tests.boundaries.map.shops import SHOP, hearing, question

SVG = "{http://www.w3.org/2000/svg}"
OBSERVED = drawn(
    SHOP,
    [
        question("sales", "stock.v1", 12, seconds=0.024),
        question("stock", "post.v1"),  # not declared
        hearing("stock", "sales.sold.v1", 7, errors=2),  # and post never hears it
        question("monolith", "stock.v1", 50_000),
    ],
    everywhere=("monolith",),
)
DECLARED = drawn(SHOP)


def printed(shop: Map) -> str:
    console = Console(width=160, highlight=False)
    with console.capture() as captured:
        for part in table.drawn(shop):
            console.print(part)
    return captured.get()


def test_the_table_says_who_asks_and_hears_whom_how_often_and_what_is_wrong() -> None:
    text = printed(OBSERVED)

    assert re.search(r"sales +stock\.v1 +stock +12 +2\.0 ms", text)
    assert re.search(r"stock +post\.v1 +post +1 .*used, not declared", text)
    assert re.search(r"sales +sales\.sold\.v1 +post +0 .*declared, never used", text)
    assert re.search(r"sales +sales\.sold\.v1 +stock +7 +0\.0 ms +2", text)
    assert "1 used, not declared: declare them in manifest.py, or stop using them." in text


def test_the_table_of_what_is_declared_has_no_figures() -> None:
    text = printed(DECLARED)

    assert "count" not in text
    assert "never used" not in text


def test_the_json_holds_every_module_and_arrow() -> None:
    document = json.loads(as_json.written(OBSERVED))

    assert [module["name"] for module in document["modules"]] == ["post", "sales", "stock"]
    assert document["outside"] == ["monolith"]
    assert {
        "kind": "question",
        "from": "sales",
        "to": "stock",
        "name": "stock.v1",
        "declared": True,
        "count": 12,
        "meanMs": 2.0,
        "errors": 0,
        "mark": None,
    } in document["arrows"]
    assert {arrow["mark"] for arrow in document["arrows"]} == {None, "used, not declared", "declared, never used"}


def test_the_mermaid_chart_draws_questions_solid_and_events_dotted() -> None:
    lines = list(mermaid.written(OBSERVED))

    assert lines[0] == "flowchart LR"
    assert '    sales -->|"stock.v1 (12x)"| stock' in lines
    assert '    sales -.->|"sold.v1 (7x)"| stock' in lines
    assert '    stock -->|"post.v1: used, not declared"| post' in lines
    wrong = next(line for line in lines if "stroke:#c62828" in line)
    arrows = [line for line in lines if "|" in line]
    assert "not declared" in arrows[int(wrong.split()[1])]


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("shop", [DECLARED, OBSERVED], ids=["declared", "observed"])
def test_the_picture_is_well_formed_and_says_in_words_what_it_shows(shop: Map, narrow: bool) -> None:
    root = ElementTree.fromstring(svg.written(shop, narrow=narrow))  # noqa: S314 (our own text)

    assert root.get("role") == "img"
    labels = root.get("aria-labelledby", "").split()
    assert [element.get("id") for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")] == labels
    words = root.findtext(f"{SVG}desc") or ""
    assert "sales asks stock.v1 of stock" in words
    assert "post hears sales.sold.v1 of sales" in words
    assert words.count(".v1 of ") == len(shop.arrows)
    # Each arrow says itself when it is pointed at.
    assert len(root.findall(f"{SVG}g/{SVG}title")) == len(shop.arrows)


def test_the_legend_explains_marks_only_where_there_can_be_some() -> None:
    assert "never used" not in svg.written(DECLARED)
    assert "never used" in svg.written(OBSERVED)


def test_names_cannot_break_out_of_the_picture() -> None:
    assert "Sales &amp; Co" in svg.written(DECLARED)


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_nothing_overlaps_and_nothing_leaves_the_picture(narrow: bool) -> None:
    layout = laid_out(OBSERVED, narrow=narrow)
    boxes = list(layout.boxes.values())

    for box in boxes:
        assert box.x >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
        for other in boxes:
            if other is not box:
                apart = box.x + box.width < other.x or other.x + other.width < box.x
                assert apart or box.y + box.height <= other.y or other.y + other.height <= box.y
    for line in layout.lines:
        assert all(0 <= x <= layout.width for x in map(float, re.findall(r"(-?[\d.]+),", line.path)))


def test_askers_stand_left_of_those_who_answer() -> None:
    boxes = laid_out(OBSERVED).boxes

    assert boxes["monolith"].x == boxes["sales"].x < boxes["stock"].x


def test_an_arrow_over_several_columns_passes_no_box() -> None:
    shop = drawn(SHOP, [question("monolith", "stock.v1"), question("monolith", "sales.v1")], everywhere=("monolith",))
    layout = laid_out(shop)
    sales = layout.boxes["sales"]
    long_one = next(line for line in layout.lines if line.arrow.source == "monolith" and line.arrow.target == "stock")

    [straight] = re.findall(r"(-?[\d.]+) H", long_one.path)  # the height at which it passes the column between

    assert not sales.y <= float(straight) <= sales.y + sales.height
