"""What a rule found: where, in which module, and between which two things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from infra.boundaries.rules import Rule


class Identity(NamedTuple):
    """By what a finding is known again tomorrow: never by its line, nor by how many there are."""

    rule: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One violation of one rule."""

    rule: Rule
    module: str  # whose code or data breaks the rule; its owner mends it
    source: str  # what breaks it, as a dotted name: "orders.use_cases.checkout", "orders.Order.customer"
    target: str  # what it reaches: "catalog.models.Product", "table catalog_stock"
    detail: str  # one sentence about this very place
    path: str = ""  # relative to the project's root; empty where there is no file
    line: int = 0

    @property
    def identity(self) -> Identity:
        return Identity(self.rule.id, self.source, self.target)

    @property
    def where(self) -> str:
        """The place as editors open it, or the source's name."""
        if not self.path:
            return self.source
        return f"{self.path}:{self.line}" if self.line else self.path


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by module, rule and place, each once."""
    return sorted(
        dict.fromkeys(findings), key=lambda found: (found.module, found.rule.id, found.path, found.line, found.source)
    )
