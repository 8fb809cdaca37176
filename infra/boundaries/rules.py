"""What a boundary rule is. Each layer declares its own rules in its `rules.py`; ids are stable, because baselines name them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """Where a rule looks; the number begins its rules' ids."""

    MANIFEST = "manifest"  # BND0xx: what modules declare, against each other and against what is there
    STATIC = "static"  # BND1xx: source text, without settings or a database
    APPLICATION = "application"  # BND2xx: the loaded Django project
    DATABASE = "database"  # BND3xx: roles, grants and the live catalogue
    RUNTIME = "runtime"  # BND4xx: what a running shop does
    PATTERN = "pattern"  # BND5xx: measured anti-patterns
    COMPATIBILITY = "compatibility"  # BND6xx: contracts, events and the API against their released versions


_BY_DIGIT = dict(zip("0123456", Layer, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One named rule."""

    id: str
    title: str  # what is not allowed, in a few words
    why: str  # what it costs to allow it
    recipe: str  # what to do instead, here and now

    @property
    def layer(self) -> Layer:
        return _BY_DIGIT[self.id[3]]


_rules: dict[str, Rule] = {}


def rule(id: str, *, title: str, why: str, recipe: str) -> Rule:  # noqa: A002
    """Declare a rule; its id is taken once, for ever.

    Raises:
        ValueError: the id has another form than BND and three digits, or is taken.
    """
    if len(id) != 6 or not id.startswith("BND") or not id[3:].isdigit() or id[3] not in _BY_DIGIT:
        raise ValueError(f"{id!r} is no rule id; one looks like BND104.")
    if id in _rules:
        raise ValueError(f"{id} is taken: {_rules[id].title}")
    declared = _rules[id] = Rule(id=id, title=title, why=why, recipe=recipe)
    return declared


def rule_named(id: str) -> Rule:  # noqa: A002
    """Return a declared rule.

    Raises:
        KeyError: there is none, or its layer was not imported.
    """
    return _rules[id]


def all_rules() -> tuple[Rule, ...]:
    """Return the rules of the layers that were imported, by id."""
    return tuple(_rules[id_] for id_ in sorted(_rules))
