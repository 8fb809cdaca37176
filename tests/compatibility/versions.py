"""A module `trees` in two versions: as it was released, and with one edit, as somebody would make it in the source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from infra.contracts.declaration import Contract, declaration_of, declared_contracts, forget
from infra.events import declaration as events

RELEASED = '''
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID

from infra.contracts import command, contract, query
from infra.errors import NotFound, Refused
from infra.events.declaration import Event
from infra.money import Money


class Colour(StrEnum):
    GREEN = "GREEN"
    RED = "RED"


class Season(StrEnum):
    """Its readers survive a season that they never heard of."""

    SPRING = "SPRING"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> Season:
        return cls.UNKNOWN


class Height(StrEnum):
    LOW = "LOW"
    TALL = "TALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    colour: Colour
    season: Season
    length: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    id: UUID
    name: str
    label: str | None
    price: Money
    leaves: tuple[Leaf, ...]
    counts: Mapping[UUID, int]
    notes: str = ""
    within: Tree | None = None


class NoSuchTree(NotFound):
    """There is no such tree."""

    code = "trees.no_such_tree"


class TreeFelled(Refused):
    """The tree was felled.

    Members: `rings`, how many it had; `felled_on`, when.
    """

    code = "trees.felled"


class TreeRotten(Refused):
    """The tree fell by itself."""

    code = "trees.rotten"


@contract("trees.v1")
class TreesContract(Protocol):
    """Trees."""

    @query(timeout_seconds=2.0, errors=(NoSuchTree, TreeFelled))
    def find(self, *, name: str, height: Height, bounds: Bounds, since: datetime | None, limit: int = 20) -> tuple[Tree, ...]:
        """Find trees."""
        ...

    @command(timeout_seconds=5.0, errors=(), key="plant_key")
    def plant(self, *, plant_key: str, planted_by: UUID, on: date) -> UUID:
        """Plant one."""
        ...

    @command(timeout_seconds=5.0, errors=())
    def fell(self, *, tree_id: UUID) -> None:
        """Fell one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlanted(Event):
    """There is a new tree."""

    name: ClassVar[str] = "trees.planted.v1"
    stream: ClassVar[str] = "tree_id"
    tree_id: UUID
    label: str | None
    planted_at: datetime
    season: Season
    height: Height
    bounds: Bounds
    visitors: int
    place: str = ""
'''
Edit = tuple[str, str]


_written: list[str] = []  # the names of the modules


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the module, as a process that runs it knows it."""

    module: ModuleType
    contract: Contract
    event: Any

    def runs_here(self) -> None:
        """Make this version's events the ones that this process reads."""
        events._formats[self.event.name] = events.Format(self.event)


def version(*edits: Edit, source: str = RELEASED) -> Version:
    """Return the module with edits made, each to text that is there exactly once. It takes the place of earlier versions."""
    for before, after in edits:
        assert source.count(before) == 1, f"{source.count(before)} times in the source: {before}"
        source = source.replace(before, after)
    _forget_declarations()
    module = ModuleType(f"trees_as_written_{len(_written)}")
    _written.append(module.__name__)
    sys.modules[module.__name__] = module
    exec(compile(source, f"{module.__name__}.py", "exec"), module.__dict__)  # noqa: S102 - our own text
    return Version(module, declaration_of(module.TreesContract), module.TreePlanted)


def forget_versions() -> None:
    """Leave nothing of them in this process."""
    _forget_declarations()
    while _written:
        del sys.modules[_written.pop()]


def forget_of(is_theirs: Callable[[str], bool]) -> None:
    """Forget contracts and events of the modules with such names."""
    for contract in declared_contracts():
        if is_theirs(contract.protocol.__module__):
            forget(contract.protocol)
    for name, event in events.declared().items():
        if is_theirs(event.__module__):
            del events._formats[name]


def _forget_declarations() -> None:
    forget_of(lambda module: module in _written)
