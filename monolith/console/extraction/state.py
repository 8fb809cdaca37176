"""What the pages say of one module's move: as the record tells it, and as the carrier last saw it.

The carrier's facts may lack anything: an older carrier, none yet, or a phase in which there is nothing to measure. What is
missing is None here, and the pages say that it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.utils.dateparse import parse_datetime

from infra.extraction.move.detached import EVERY, carries
from infra.extraction.move.turns import holder_seen
from infra.extraction.record.changing import ALIAS, history, read
from infra.extraction.record.models import Change, Progress, Request, ShadowDifference
from infra.extraction.record.values import Phase, Where
from monolith.console.extraction import words

# Of the newest changes: enough for some switches, each of which is three or four of them.
_CHANGES = 40
_REQUESTS = 5
_SHADOW_DIFFERENCES = 5
# Where nothing is carried, figures of the carrier are of an earlier time.
_CARRIED = (Phase.DUAL_WRITE, Phase.SWITCHED)
OPEN_STATES = ("asked", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """One table's part of the first copy."""

    name: str
    copied: int
    expected: int  # an estimate until the table is complete
    complete: bool

    @property
    def per_cent(self) -> int:
        return _per_cent(self.copied, self.expected, self.complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The first copy as a whole."""

    tables: tuple[TableCopy, ...]
    copied: int
    expected: int
    complete: bool
    rows_per_second: float | None
    seconds_left: float | None

    @property
    def per_cent(self) -> int:
        return _per_cent(self.copied, self.expected, self.complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How close the other side is behind the one that is written."""

    waiting: int | None  # noted writes that were not carried yet
    lag_p50_ms: float | None
    lag_p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The last comparison of both sides."""

    at: datetime | None
    rows: int | None
    ranges: int | None
    skipped: int | None  # ranges equal before, and not touched since
    differences: int
    examples: tuple[str, ...]  # table, key and fault of some


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """The process that moves data and carries out what is asked for here."""

    holder: str | None  # who it is; None: none lives
    seen_at: datetime | None  # when one last noted something; None: never

    @property
    def alive(self) -> bool:
        return self.holder is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One time that the module's writes were held."""

    began_at: datetime
    seconds: float | None  # None: it goes on
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change of the record, as a person reads it."""

    revision: int
    at: datetime
    who: str
    why: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One verb that somebody asked for here."""

    verb: str
    options: str
    who: str
    state: str
    asked_at: datetime
    ended_at: datetime | None
    said: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPair:
    """One read that both sides answered otherwise."""

    at: datetime
    path: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One module, all that its page shows."""

    module: str
    where: Where
    phase: str  # in words
    carrier: Carrier
    copy: Copy | None
    stream: Stream | None
    compared: Compared | None
    shadow_differences: int
    shadow_examples: tuple[ShadowPair, ...]
    holds: tuple[Held, ...]
    changes: tuple[Told, ...]
    requests: tuple[Asked, ...]
    incidents: int  # rows that ever differed, since the copy began
    problem: str  # what keeps the carrier from carrying; empty: nothing

    @property
    def open_request(self) -> Asked | None:
        return next((request for request in self.requests if request.is_open), None)


def move_of(module: str) -> Move:
    """Return what is known of a module's move now."""
    where = read(module)
    progress = Progress.objects.using(ALIAS).filter(pk=module).first()
    facts: Mapping[str, Any] = progress.facts if progress and where.phase in _CARRIED else {}
    changes = history(module, newest=_CHANGES)
    differing = ShadowDifference.objects.using(ALIAS).filter(module=module)
    return Move(
        module=module,
        where=where,
        phase=words.PHASES[where.phase],
        carrier=Carrier(holder=_carrier(module), seen_at=progress.at if progress else None),
        copy=_copy(facts),
        stream=_stream(facts),
        compared=_compared(facts),
        shadow_differences=differing.count(),
        shadow_examples=tuple(
            ShadowPair(at=row.at, path=row.path, expected=row.expected, got=row.got)
            for row in differing.order_by("-at")[:_SHADOW_DIFFERENCES]
        ),
        holds=_holds(changes),
        changes=tuple(
            Told(revision=row.revision, at=row.at, who=row.who, why=row.why, says=tuple(_differences(row)))
            for row in changes
        ),
        requests=tuple(
            _asked(row) for row in Request.objects.using(ALIAS).filter(module=module).order_by("-asked_at")[:_REQUESTS]
        ),
        incidents=_whole(facts.get("incidents")) or 0,
        problem=str(facts.get("problem") or ""),
    )


def _carrier(module: str) -> str | None:
    """Return who carries the module, by the lock that lives as long as a carrier does."""
    with connections[ALIAS].cursor() as cursor:
        session = cursor.connection
        return holder_seen(session, carries(EVERY)) or holder_seen(session, carries(module))


def _copy(facts: Mapping[str, Any]) -> Copy | None:
    if not (rows := facts.get("tables")):
        return None
    tables = tuple(
        TableCopy(
            name=str(row.get("table") or row.get("name")),
            copied=int(row.get("copied") or 0),
            expected=int(row.get("expected") or 0),
            complete=bool(row.get("complete")),
        )
        for row in rows
    )
    return Copy(
        tables=tables,
        copied=sum(table.copied for table in tables),
        expected=sum(max(table.expected, table.copied) for table in tables),
        complete=all(table.complete for table in tables),
        rows_per_second=_number(facts.get("rows_per_second")),
        seconds_left=_number(facts.get("seconds_left")),
    )


def _stream(facts: Mapping[str, Any]) -> Stream | None:
    lag = facts.get("lag_ms")
    if lag is None and facts.get("waiting") is None:
        return None
    lag = lag if isinstance(lag, Mapping) else {}
    waiting = _number(facts.get("waiting"))
    return Stream(
        waiting=None if waiting is None else int(waiting),
        lag_p50_ms=_number(lag.get("p50")),
        lag_p99_ms=_number(lag.get("p99")),
    )


def _compared(facts: Mapping[str, Any]) -> Compared | None:
    if not isinstance(found := facts.get("comparison"), Mapping):
        return None
    differences = found.get("differences") or 0
    listed: Sequence[Any] = differences if isinstance(differences, list) else found.get("examples") or ()
    return Compared(
        at=_instant(found.get("at")),
        rows=_whole(found.get("rows")),
        ranges=_whole(found.get("ranges")),
        skipped=_whole(found.get("skipped")),
        differences=len(differences) if isinstance(differences, list) else int(differences),
        examples=tuple(_difference(each) for each in listed[:20]),
    )


def _difference(each: object) -> str:
    if isinstance(each, Mapping):
        return f"{each.get('table')} {each.get('key')}: {each.get('fault')}"
    return " ".join(map(str, each)) if isinstance(each, list) else str(each)


def _holds(changes: Sequence[Change]) -> tuple[Held, ...]:
    """Return the holds within the changes, newest first: from the change that began one to that which ended it."""
    found: list[Held] = []
    begun: Change | None = None
    for change in reversed(changes):
        held = bool(change.after.get("hold"))
        if held and begun is None:
            begun = change
        elif not held and begun is not None:
            before, after = (_phase_of(row) for row in (begun.before, change.after))
            outcome = f"{before} to {after}" if before != after else "given up; nothing changed"
            found.append(Held(began_at=begun.at, seconds=(change.at - begun.at).total_seconds(), outcome=outcome))
            begun = None
    if begun is not None:
        found.append(Held(began_at=begun.at, seconds=None, outcome="goes on"))
    return tuple(reversed(found))


def _differences(change: Change) -> list[str]:
    """Return what a change did, one line each."""
    before: Mapping[str, Any] = change.before or {}
    after: Mapping[str, Any] = change.after
    said = []
    if (old := _phase_of(before)) != (new := _phase_of(after)):
        said.append(f"phase: {old} to {new}")
    if bool(before.get("hold")) != bool(after.get("hold")):
        said.append("writes are held" if after.get("hold") else "writes go on")
    shares, earlier = after.get("shares") or {}, before.get("shares") or {}
    said += [
        f"{kind}: {earlier.get(kind, 0)} to {shares.get(kind, 0)} %"
        for kind in sorted(shares.keys() | earlier.keys())
        if shares.get(kind, 0) != earlier.get(kind, 0)
    ]
    if (used := after.get("database", "monolith")) != before.get("database", "monolith"):
        said.append(f"the service uses the tables of {words.side(used)}")
    if (after.get("addresses") or {}) != (before.get("addresses") or {}):
        address = (after.get("addresses") or {}).get("service")
        said.append(f"the service is at {address}" if address else "the service has no address any more")
    if after.get("epoch", 1) != before.get("epoch", 1):
        said.append(f"epoch {after.get('epoch')}")
    return said or ["nothing that shows here"]


def _phase_of(values: Mapping[str, Any] | None) -> str:
    return words.PHASES.get((values or {}).get("phase", "in_process"), "an unknown phase")


def _asked(row: Request) -> Asked:
    return Asked(
        verb=row.verb,
        options=", ".join(f"{name} {value}" for name, value in row.options.items() if name != "why"),
        who=row.who,
        state=row.state,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        said=tuple(map(str, row.said)),
    )


def _per_cent(copied: int, expected: int, complete: bool) -> int:
    if complete:
        return 100
    return min(99, copied * 100 // expected) if expected else 0  # rounded down: 100 is for what is complete


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _instant(value: object) -> datetime | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    instant = parse_datetime(value) if isinstance(value, str) else None
    return instant.replace(tzinfo=instant.tzinfo or UTC) if instant else None
