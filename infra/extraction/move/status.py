"""How far a module's move is, for people and programs: what the record says, what the carrier saw, what may come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.extraction.move.detached import lives
from infra.extraction.record.changing import ALIAS, history, read
from infra.extraction.record.models import Change, Progress
from infra.extraction.record.values import Phase, Where

NEWEST_CHANGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A verb that leads on or back, and why it can't be used now."""

    verb: str
    does: str
    reasons: tuple[str, ...] = ()  # none: it may be used

    @property
    def possible(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A module's move at one moment. What the carrier has not told yet is None or empty."""

    where: Where
    carrier: str | None  # who carries it; None: nobody
    noted_at: str | None  # when the carrier last looked
    tables: tuple[Mapping[str, Any], ...] = ()  # table, copied, expected, complete
    rows_per_second: float | None = None
    seconds_left: float | None = None
    waiting: int | None = None  # noted writes that were not carried yet
    lag_ms: Mapping[str, float] | None = None  # p50, p99
    comparison: Mapping[str, Any] | None = None  # at, rows, ranges, skipped, differences
    incidents: int = 0  # rows that ever differed
    problem: str = ""  # what keeps the carrier from carrying
    changes: tuple[Change, ...] = ()
    next: tuple[Next, ...] = ()

    @property
    def copied(self) -> bool:
        return bool(self.tables) and all(table.get("complete") for table in self.tables)


def status(module: str) -> Status:
    """Return how far the move of a module is. Asks only the composition root's database."""
    where = read(module)
    noted = Progress.objects.using(ALIAS).filter(pk=module).first()
    facts: Mapping[str, Any] = noted.facts if noted and where.phase in (Phase.DUAL_WRITE, Phase.SWITCHED) else {}
    found = Status(
        where=where,
        carrier=lives(module),
        noted_at=noted.at.isoformat() if noted else None,
        tables=tuple(facts.get("tables") or ()),
        rows_per_second=facts.get("rows_per_second"),
        seconds_left=facts.get("seconds_left"),
        waiting=facts.get("waiting"),
        lag_ms=facts.get("lag_ms"),
        comparison=facts.get("comparison"),
        incidents=int(facts.get("incidents") or 0),
        problem=str(facts.get("problem") or ""),
        changes=tuple(history(module, newest=NEWEST_CHANGES)),
    )
    return _with_next(found)


def _with_next(found: Status) -> Status:
    phase = found.where.phase
    held = ("It is held for a switch now.",) if found.where.hold else ()
    carried = held if found.carrier else (*held, "No carrier lives. Start one: manage.py carry")
    copied = carried if found.copied else (*carried, "The first copy is not through.")
    if found.problem:
        copied = (*copied, found.problem)
    verbs = {
        Phase.IN_PROCESS: (Next(verb="share", does="its service answers on the monolith's tables"),),
        Phase.SHARED_DATABASE: (
            Next(verb="begin_copy", does="every write reaches the service's database, too"),
            Next(verb="shift", does="the service answers a share of the traffic"),
            Next(verb="cancel", does="the monolith alone answers"),
        ),
        Phase.DUAL_WRITE: (
            Next(verb="switch", does="the service's tables become the truth", reasons=copied),
            Next(verb="verify", does="both sides are compared now", reasons=copied if not found.copied else ()),
            Next(verb="shift", does="the service answers a share of the traffic", reasons=held),
            Next(verb="cancel", does="the monolith alone answers, what was copied is dropped", reasons=held),
        ),
        Phase.SWITCHED: (
            Next(verb="complete", does="the monolith's tables are retired, for good", reasons=carried),
            Next(verb="verify", does="both sides are compared now"),
            Next(verb="reverse", does="the monolith's tables become the truth again", reasons=carried),
        ),
    }.get(Phase(phase), ())
    return Status(**{name: getattr(found, name) for name in Status.__slots__ if name != "next"}, next=verbs)
