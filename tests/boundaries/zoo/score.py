"""The zoo's score in pytest's last lines, as a plugin: gathered from reports, because several processes may make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.boundaries.zoo.specimens import REFERENCE_LEAKS, Specimen

PROPERTY = "leak zoo"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether one of a specimen's two halves did what it should."""

    half: str  # "leak" or "twin"
    number: int | None
    passed: bool


def sentence(outcomes: Sequence[Outcome]) -> str:
    """Return the score as it stands in the README."""
    leaks, twins = ([outcome for outcome in outcomes if outcome.half == half] for half in ("leak", "twin"))
    known = {leak.number for leak in leaks if leak.passed and leak.number}
    # A kind of the reference may have more than one specimen; it is caught when all of them are.
    known -= {leak.number for leak in leaks if not leak.passed}
    return (
        f"leak zoo: {sum(leak.passed for leak in leaks)} of {len(leaks)} caught,"
        f" {sum(twin.passed for twin in twins)} of {len(twins)} innocents unreported;"
        f" {len(known)} of {REFERENCE_LEAKS} of the reference's"
    )


def full_score(specimens: Sequence[Specimen]) -> str:
    """Return the sentence that is printed when every specimen does what it should."""
    return sentence([Outcome(half, kind.number, True) for kind in specimens for half in ("leak", "twin")])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    outcomes = [
        Outcome(half=value[0], number=value[1], passed=report.passed)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and (report.when == "call" or report.failed)
        for name, value in report.user_properties
        if name == PROPERTY and isinstance(value, list | tuple)
    ]
    if outcomes:
        terminalreporter.write_sep("-", "leak zoo")
        terminalreporter.write_line(sentence(outcomes))
