"""What stands in the way of a module that leaves, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.boundaries.observation.figures import Arrow
from infra.boundaries.patterns.rules import CHATTY, COMMAND_WITHOUT_KEY
from infra.boundaries.readiness.model import HeardEvent, Readiness, Stock, Table, Use, Way, Weight
from infra.boundaries.readiness.ranking import ranked
from infra.boundaries.report.model import LayerRun
from infra.boundaries.rules import Layer
from tests.boundaries.patterns.planting import asks, hears, module
from tests.boundaries.planted import FETCHED_BY_NAME, finding

STOCK = Stock(tables=(Table(name="stock_item", rows=3, is_estimate=False, size_bytes=8192),), copy_seconds=1.0)


def ready(**more: Any) -> Readiness:
    """Return a module that nothing stands in the way of, but for what is said."""
    plain: Mapping[str, Any] = dict.fromkeys(
        ("runs", "leaks", "questions_in", "questions_out", "ways", "published", "unheard", "heard", "tasks", "uses"), ()
    )
    manifest = module("stock", offers=("stock.v1",), asks=("sales.v1",))
    return Readiness(
        **{
            **plain,
            "manifest": manifest,
            "folder": "modules/stock",
            "askers": ("shop",),
            "stock": STOCK,
            "not_watched": "",
            **more,
        }
    )


def heard(**more: Any) -> HeardEvent:
    return HeardEvent(
        **{"name": "stock.counted.v1", "publisher": "stock", "consumer": "sales", "has_handler": True, "dead": 0,
           "observed": hears("sales", "stock.counted.v1"), **more}
    )  # fmt: skip


def in_shop(**more: Any) -> Arrow:
    return asks("shop", "stock", **more)


def way(times: float) -> Way:
    return Way(entry="GET /page", what="stock.v1 get", per_journey=times, most=int(times), journeys=10)


BLOCKING: list[tuple[dict[str, Any], str, str]] = [
    ({"leaks": [finding()]}, "BND198", "modules/sales/use_cases.py:12"),
    ({"leaks": [finding(COMMAND_WITHOUT_KEY)]}, "BND511", "--explain BND511"),
    ({"uses": [Use(path="shop/urls.py", line=3, what="modules.stock.models", is_import=True)]}, "models", "shop/urls.py:3"),
    ({"questions_in": [in_shop(in_transactions=2)]}, "2 times inside an open transaction, of 100", "log of shop"),
    ({"questions_out": [asks("stock", "sales", in_transactions=1)]}, "inside an open transaction", "log of stock"),
    ({"questions_out": [asks("stock", "users")]}, "manifest does not say", "modules/stock/manifest.py"),
    ({"heard": [heard(has_handler=False)]}, "no handler", "handlers.py of sales"),
    ({"published": [heard(dead=4)]}, "4 stock.counted.v1 were given up", "events dead-letters --module sales"),
]  # fmt: skip
HINDERING: list[tuple[dict[str, Any], str, str]] = [
    ({"leaks": [finding(CHATTY)]}, "BND506", "--explain BND506"),
    ({"questions_in": [in_shop(errors=7, outcomes=(("result", 93), ("contract_timeout", 7)))]}, "7 times of 100", "stock.v1"),
    ({"ways": [way(10.0)]}, "GET /page would take some 11 ms more", "--layer pattern"),
    ({"published": [heard(observed=hears("sales", "stock.counted.v1", p99_ms=9_000))]}, "after 9.0 s", "events lag"),
    ({"not_watched": "nobody watched"}, "nobody watched", "make run"),
    ({"stock": Stock(missing="no database")}, "no database", "make run"),
    ({"runs": [LayerRun(layer=Layer.DATABASE, missed="it does not run")]}, "it does not run", "--layer database"),
]  # fmt: skip
TO_KNOW: list[tuple[dict[str, Any], str, str]] = [
    ({"questions_in": [asks("monolith", "stock")]}, "monolith asks stock, too", "CONTRACT_CALLERS"),
    ({"uses": [Use(path="settings.py", line=3, what="modules.stock.x.Y", is_import=False)]}, "as a text", "settings.py:3"),
    ({"unheard": ["stock.lost.v1"]}, "Nobody hears stock.lost.v1", "modules/stock/manifest.py"),
    ({"tasks": [("stock.count", 5.0), ("events.sweep", 60.0)]}, "only: stock.count every 5 s.", "modules/stock/tasks.py"),
    ({"stock": Stock(tables=STOCK.tables, sequences=("stock_number_seq",))}, "stock_number_seq", "schema stock"),
    ({"stock": Stock(tables=STOCK.tables, copy_seconds=3_600.0)}, "60 minutes", "stock_item"),
]  # fmt: skip
CASES = [
    *((Weight.BLOCKS, *case) for case in BLOCKING),
    *((Weight.HINDERS, *case) for case in HINDERING),
    *((Weight.KNOW, *case) for case in TO_KNOW),
]


@pytest.mark.parametrize(("weight", "seen", "what", "where"), CASES)
def test_each_obstacle_has_its_weight_a_sentence_and_a_place_to_go(
    weight: Weight, seen: dict[str, Any], what: str, where: str
) -> None:
    (todo,) = ranked(ready(**seen))

    assert todo.weight is weight
    assert what in todo.what
    assert where in todo.where


@pytest.mark.parametrize(
    "innocent",
    [
        {},
        {"questions_in": [in_shop()], "questions_out": [asks("stock", "sales")]},
        {"ways": [way(9.0)]},
        {"published": [heard()], "heard": [heard(observed=None, dead=None)]},
        {"tasks": [("events.sweep", 60.0)]},
        {"runs": [LayerRun(layer=Layer.STATIC)]},
    ],
)
def test_what_is_as_it_should_be_is_nothing_to_do(innocent: dict[str, Any]) -> None:
    assert ranked(ready(**innocent)) == []


def test_what_blocks_comes_first_and_decides() -> None:
    seen = {"unheard": ["stock.lost.v1"], "not_watched": "nobody watched", "leaks": [finding(FETCHED_BY_NAME)]}

    todo = ranked(ready(**seen))

    assert [item.weight for item in todo] == [Weight.BLOCKS, Weight.HINDERS, Weight.KNOW]
    assert not ready(todo=todo).go
    assert ready(todo=todo).verdict == "NO-GO: 1 thing would break."


def test_what_nobody_looked_at_is_no_reason_against_but_is_said() -> None:
    unknown = {"not_watched": "nobody watched"}

    verdict = ready(**unknown, todo=ranked(ready(**unknown)))

    assert verdict.go
    assert verdict.verdict == "GO, as far as can be seen from here."
    assert ready().verdict == "GO."
