"""The plan of a move as values, before it takes any form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.boundaries.readiness import Readiness, Todo, Weight
from infra.extraction.record.values import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTable:
    """One table that moves."""

    name: str
    rows: int  # of the planner's statistics
    size_bytes: int  # with indexes
    key: str  # the columns of its primary key; empty: it has none
    triggers: tuple[str, ...]  # the module's own, switched off on the side that only follows
    seconds: float  # expected time of its first copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One reason why a table can't be carried."""

    why: str  # with its table, and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How quickly rows are copied here."""

    bytes_per_second: float
    rows_per_second: float
    measured_on: str  # the table whose rows were copied to a temporary one; empty: too little to measure with


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What writers will feel while the module is on the move."""

    microseconds: float | None  # that a writing statement takes longer; None: it could not be measured
    statement_microseconds: float | None  # what the same statement takes without
    writes_per_second: float | None  # rows, on average since the server counts
    longest_seconds: float  # the longest write transaction of the module that was seen
    watched_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of the two databases."""

    place: str  # role, host, port and name; no password
    version: str
    encoding: str
    collation: str
    connections: int  # open now
    connections_at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks the module, and how the question gets there today and after the switch."""

    name: str
    contract: str
    now: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPhase:
    """One phase of the move."""

    phase: str
    does: str
    command: str  # what is typed to get there; empty for the first
    preconditions: tuple[str, ...]
    takes: str
    back: str  # the way back from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of it, for one module."""

    module: str
    address: str  # of the service; empty: not known
    ready: Readiness
    phase: str = Phase.IN_PROCESS  # in which it is
    tables: Sequence[PlannedTable] = ()
    refused: Sequence[Refused] = ()
    sequences: Sequence[str] = ()
    missing: str = ""  # why the module's own database could not be looked at
    speed: Speed | None = None
    copy_seconds: float = 0.0
    writing: Writing | None = None
    monolith: Server | None = None
    service: Server | None = None
    service_missing: str = ""  # why the service's database could not be looked at
    connections_needed: int = 0  # on each of the two servers, beside those of the serving processes
    disk_needed: int = 0  # bytes, at the service's database
    disk_free: int | None = None  # None: not known from here
    askers: Sequence[Asker] = ()
    asks: Sequence[str] = ()
    offers: Sequence[str] = ()
    publishes: Sequence[str] = ()
    hears: Sequence[str] = ()
    tasks: Sequence[tuple[str, float]] = ()
    queues: Sequence[str] = ()
    prefixes: Sequence[str] = ()
    noticed: Sequence[str] = ()  # what customers will notice, one sentence each
    phases: Sequence[PlannedPhase] = ()
    todo: Sequence[Todo] = field(default=())

    @property
    def go(self) -> bool:
        """Whether nothing that is known stands in the way."""
        return not any(todo.weight is Weight.BLOCKS for todo in self.todo)

    @property
    def size_bytes(self) -> int:
        return sum(table.size_bytes for table in self.tables)

    @property
    def verdict(self) -> str:
        blocking = sum(todo.weight is Weight.BLOCKS for todo in self.todo)
        if blocking:
            return f"NO-GO: {blocking} thing{'s' if blocking > 1 else ''} to do first."
        return f"GO: type python manage.py extract {self.module} scaffold"
