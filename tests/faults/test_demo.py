"""The page of a demonstration: good only when nothing failed, nothing differs, and every promise holds."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from tests.faults.demo.page import Outcome, page
from tests.faults.demo.steps import Command, Done
from tests.faults.workload.oracles import Conviction
from tests.faults.workload.statistics import Failure, Statistics

NOTICED = Statistics().summary()
EQUAL = {"rows": 1000, "differences": []}
SWITCHED = {"feltSeconds": 0.12, "holdSeconds": 0.03, "tries": 1}
GOOD = Outcome(
    modules=["payments"],
    seed=7,
    done=[
        Done(Command("switch", ("switch",)), "payments", 1.5, SWITCHED, NOTICED),
        Done(Command("compare", ("verify",)), "payments", 1.5, EQUAL, NOTICED),
    ],
    failures=[],
    convictions=[],
    invariants=30,
    watched=12,
    sizes={"payments": (20, 6000)},
    compared={"payments": EQUAL},
    operations=[],
)


def text_of(outcome: Outcome) -> str:
    paper = StringIO()
    Console(file=paper, width=120).print(page(outcome))
    return paper.getvalue()


def test_the_page_tells_what_was_moved_held_and_compared() -> None:
    text = text_of(GOOD)

    assert GOOD.is_good
    for told in ("20 tables with 6,000 rows", "waited 120 ms", "2,000 rows in 2 comparisons", "seed 7"):
        assert told in text


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, failures=[Failure(1.0, "buy", "503")]),
        replace(GOOD, convictions=[Conviction("the ledger balances", "off by 1")]),
        replace(GOOD, compared={"payments": {"rows": 1000, "differences": [{"key": "1"}]}}),
    ],
    ids=["a request failed", "a promise is broken", "a row differs"],
)
def test_whatever_is_wrong_makes_it_red(bad: Outcome) -> None:
    assert not bad.is_good
    assert "invariants hold" not in text_of(bad)
