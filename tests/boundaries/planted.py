"""Findings and rules for tests of what is done with findings."""

from __future__ import annotations

from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule

# Not declared with `rule()`: these ids are nobody's.
FETCHED_BY_NAME = Rule(
    id="BND198", title="A model fetched by name", why="It hides a dependency.", recipe="Ask by contract."
)
FOREIGN_KEY = Rule(
    id="BND398", title="A foreign key over a border", why="Two modules cannot part.", recipe="Keep the id."
)
CHATTY = Rule(id="BND598", title="Chatty calls", why="Each becomes a network call.", recipe="Ask for many at once.")
RULES = {rule.id: rule for rule in (FETCHED_BY_NAME, FOREIGN_KEY, CHATTY)}


def finding(
    rule: Rule = FETCHED_BY_NAME,
    *,
    module: str = "sales",
    source: str = "sales.use_cases.sell",
    target: str = "stock.models.Item",
    detail: str = "sell() fetches stock's Item with apps.get_model.",
    path: str = "modules/sales/use_cases.py",
    line: int = 12,
) -> Finding:
    return Finding(rule=rule, module=module, source=source, target=target, detail=detail, path=path, line=line)
