"""What is to be known before a module leaves, before it takes any form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from infra.boundaries.findings import Finding
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Arrow
from infra.boundaries.report.model import LayerRun


class Weight(IntEnum):
    """How much something stands in the way; the first comes first."""

    BLOCKS = 0  # it would break, or lose something, on the day that the module is elsewhere
    HINDERS = 1  # it would work, and be slow, or nobody knows
    KNOW = 2  # it moves along and wants to be thought of


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Todo:
    """One thing to do, or to know."""

    weight: Weight
    what: str  # one sentence
    where: str  # the command to type, or the file to go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the module's schema."""

    name: str
    rows: int
    is_estimate: bool  # of the planner's statistics, for tables too large to count
    size_bytes: int  # with indexes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What the module keeps, and how long it takes to copy."""

    tables: Sequence[Table] = ()
    sequences: Sequence[str] = ()
    copy_seconds: float = 0.0
    bytes_per_second: float = 0.0
    rate_is_measured: bool = False
    missing: str = ""  # why it is not known

    @property
    def size_bytes(self) -> int:
        return sum(table.size_bytes for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEvent:
    """An event on its way from one module to another, with what waits there."""

    name: str
    publisher: str
    consumer: str
    has_handler: bool  # in this process
    dead: int | None  # given up, waiting for a person; None: not known
    observed: Arrow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A place outside all modules that names the module's internals."""

    path: str
    line: int
    what: str  # modules.orders.use_cases
    is_import: bool  # otherwise a dotted path in a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How often an entry asks the module, or asks on its behalf."""

    entry: str
    what: str
    per_journey: float
    most: int
    journeys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """All of it, for one module."""

    manifest: Manifest
    folder: str  # relative to the project's root
    askers: Sequence[str]  # by manifest
    runs: Sequence[LayerRun]
    leaks: Sequence[Finding]  # its own, and others' into it
    questions_in: Sequence[Arrow]
    questions_out: Sequence[Arrow]
    ways: Sequence[Way]
    stock: Stock
    published: Sequence[HeardEvent]
    unheard: Sequence[str]  # published, and nobody here hears it
    heard: Sequence[HeardEvent]
    tasks: Sequence[tuple[str, float]]  # name, period in seconds
    uses: Sequence[Use]
    not_watched: str  # why nothing was observed, and how to observe; "" where something was
    todo: Sequence[Todo] = field(default=())

    @property
    def go(self) -> bool:
        """Whether nothing that is known stands in the way."""
        return not any(todo.weight is Weight.BLOCKS for todo in self.todo)

    @property
    def verdict(self) -> str:
        blocking = sum(todo.weight is Weight.BLOCKS for todo in self.todo)
        if blocking:
            return f"NO-GO: {blocking} thing{'s' if blocking > 1 else ''} would break."
        missed = bool(self.not_watched or self.stock.missing or any(run.missed for run in self.runs))
        return "GO, as far as can be seen from here." if missed else "GO."
