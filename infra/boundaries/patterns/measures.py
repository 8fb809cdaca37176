"""A figure beside its threshold; findings are those that lie beyond."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure about one thing, whether or not it is too much."""

    rule: Rule
    module: str  # whose owner mends it
    source: str  # what was measured: a module, a route, a command
    target: str = ""  # in relation to what
    figure: float
    unit: str  # "questions in one request"
    threshold: float
    too_much: bool
    detail: str
    path: str = ""
    line: int = 0

    def as_finding(self) -> Finding:
        return Finding(
            rule=self.rule,
            module=self.module,
            source=self.source,
            target=self.target,
            detail=self.detail,
            path=self.path,
            line=self.line,
        )


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A rule that had nothing to measure, and what to do about that."""

    rule: Rule
    reason: str


Measured = Measure | NotMeasured


def findings(measured: Iterable[Measured]) -> list[Finding]:
    return [each.as_finding() for each in measured if isinstance(each, Measure) and each.too_much]
