"""BND508 and BND509: modules that are most of the system, and modules that are hardly anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.boundaries.patterns import Thresholds
from tests.boundaries.patterns.planting import evidence, module, too_much, unmeasured, written


def code(lines: int) -> str:
    return "x = 1\n\n" * lines


@pytest.mark.parametrize(("lines", "found"), [(1100, ["of the lines of all modules"]), (900, [])])
def test_a_module_with_more_than_half_of_the_code_is_most_of_the_system(
    tmp_path: Path, lines: int, found: list[str]
) -> None:
    sources = written(tmp_path, {"a/m.py": code(lines), "b/m.py": code(500), "c/m.py": code(500)})

    measured = too_much(evidence(module("a"), module("b"), module("c"), sources=sources), "BND508")

    assert [each.unit for each in measured] == found
    assert {each.module for each in measured} <= {"a"}


def test_of_two_modules_one_may_be_the_larger(tmp_path: Path) -> None:
    sources = written(tmp_path, {"a/m.py": code(2000), "b/m.py": code(500)})

    assert too_much(evidence(module("a"), module("b"), sources=sources), "BND508") == []


def test_lines_tables_and_neighbours_have_limits_of_their_own(tmp_path: Path) -> None:
    sources = written(tmp_path, {"a/m.py": code(400), "b/m.py": code(400)})
    limits = Thresholds(lines=399, tables=1, fan=0)
    large = module("a", tables=("a_x", "a_y"), asks=("b.v1",))
    other = module("b", offers=("b.v1",))

    measured = too_much(evidence(large, other, sources=sources, thresholds=limits), "BND508")

    assert [each.unit for each in measured if each.module == "a"] == [
        "lines of code",
        "tables",
        "modules that it asks or that ask it",
    ]


@pytest.mark.parametrize(
    ("lines", "tables", "found"),
    [(299, (), ["b"]), (300, (), []), (74, ("b_x",), ["b"]), (75, ("b_x",), [])],
)
def test_a_module_needs_something_to_be_a_border_for(
    tmp_path: Path, lines: int, tables: tuple[str, ...], found: list[str]
) -> None:
    sources = written(
        tmp_path, {"a/m.py": code(1000), "b/m.py": code(lines), "b/migrations/0001_initial.py": code(999)}
    )

    measured = too_much(evidence(module("a"), module("b", tables=tables), sources=sources), "BND509")

    assert [each.module for each in measured] == found


def test_without_source_text_it_says_so() -> None:
    assert "source" in unmeasured(evidence(module("a")))["BND508"]
