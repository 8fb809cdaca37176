"""What a module says of itself. Everything else about its borders is derived from this, and checked against it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CONTRACT = re.compile(r"[a-z][a-z0-9_]*\.v[1-9][0-9]*")
_EVENT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")


class ManifestError(Exception):
    """A manifest contradicts itself or another one; the message says which, where, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One module: what belongs to it, what it offers, and what it needs of others. Plain values, readable without Django.

    Raises:
        ManifestError: a name is malformed, or something is claimed that belongs to another module by its name.
    """

    name: str  # the folder, app label, database alias and role
    owner: str  # who answers for it: a team, and how to reach it
    purpose: str  # one sentence
    tables: tuple[str, ...]  # every table in its schema besides those of the plumbing
    schema: str = ""  # empty: the name
    offers: tuple[str, ...] = ()  # contracts that it answers, by wire name
    asks: tuple[str, ...] = ()  # contracts of others that it may ask: the allowed dependencies
    publishes: tuple[str, ...] = ()  # events, by wire name
    hears: tuple[str, ...] = ()  # events, its own or others'
    tasks: tuple[str, ...] = ()  # periodic tasks, without the module's name in front
    queues: tuple[str, ...] = ()  # the first carries its events and periodic tasks; empty: banyan.<name>
    url_prefixes: tuple[
        str, ...
    ] = ()  # what it serves: all below a path that ends with a slash, or one path; empty: /api/v1/<name>/

    def __post_init__(self) -> None:
        fill = object.__setattr__
        fill(self, "schema", self.schema or self.name)
        fill(self, "queues", self.queues or (f"banyan.{self.name}",))
        fill(self, "url_prefixes", self.url_prefixes or (f"/api/v1/{self.name}/",))
        for problem in self._problems():
            raise ManifestError(f"The manifest of {self.name!r}: {problem}")

    def _problems(self) -> list[str]:
        problems = []
        if not _NAME.fullmatch(self.name) or not _NAME.fullmatch(self.schema):
            problems.append("name and schema are lower-case words of at most 40 letters, digits and underscores.")
        if not self.owner.strip() or not self.purpose.strip():
            problems.append("say in `owner` who answers for the module, and in `purpose` what it is for.")
        for field, form, example in (
            ("offers", _CONTRACT, f"{self.name}.v1"),
            ("asks", _CONTRACT, "catalog.v1"),
            ("publishes", _EVENT, f"{self.name}.something_happened.v1"),
            ("hears", _EVENT, "orders.order_placed.v1"),
        ):
            problems += [
                f"{value!r} in `{field}` is no wire name; one looks like {example}."
                for value in getattr(self, field)
                if not form.fullmatch(value)
            ]
        for field in ("offers", "publishes"):
            problems += [
                f"{value!r} in `{field}` carries another module's name; a module names only its own."
                for value in getattr(self, field)
                if value.partition(".")[0] != self.name
            ]
        problems += [
            f"it asks itself: {value!r} in `asks`." for value in self.asks if value.startswith(f"{self.name}.")
        ]
        problems += [
            f"{prefix!r} in `url_prefixes` begins without a slash."
            for prefix in self.url_prefixes
            if not prefix.startswith("/")
        ]
        problems += [
            f"`{declared.name}` names something twice."
            for declared in fields(self)
            if isinstance(values := getattr(self, declared.name), tuple) and len(set(values)) != len(values)
        ]
        return problems

    @property
    def asked_modules(self) -> tuple[str, ...]:
        """The modules whose contracts it may ask, sorted."""
        return tuple(sorted({name.partition(".")[0] for name in self.asks}))
