"""What was observed, as figures per arrow and per entry: for the map, the measures and the readiness of a module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from infra.boundaries.models import Observation
from infra.boundaries.observation.figures import Arrow, AskedOnTheWay, Crossing, EntryPoint, Observations
from infra.boundaries.observation.histograms import SIZE, number_below_which, seconds_below_which
from infra.boundaries.observation.storing import ALIAS, RETENTION_DAYS

_NEVER = datetime.min.replace(tzinfo=UTC)
WELL = frozenset({"result", "declared", "handled"})
"""Outcomes that are no errors: a declared refusal is an answer."""


def observed(days: int = RETENTION_DAYS) -> Observations:
    """Return what all processes stored in the last days.

    Raises:
        django.db.Error: the database is out of reach, or not migrated.
    """
    return Observations(
        arrows=tuple(observed_arrows(days)), entries=tuple(entry_points(days)), crossings=tuple(crossings(days))
    )


def observed_arrows(days: int = RETENTION_DAYS) -> Sequence[Arrow]:
    """Return each question and each event with its figures, sorted by who asks whom for what."""
    merged: dict[tuple[Literal["question", "event"], str, str, str, str], _Merged] = defaultdict(_Merged)
    for row in _rows(days, Observation.Kind.QUESTION):
        answerer = row.target.partition(".")[0]
        merged["question", row.source, answerer, row.target, row.name].add(row, is_error=row.outcome not in WELL)
    for row in _rows(days, Observation.Kind.EVENT):
        # Failed attempts say nothing about the lag: it ends with the effect.
        failed = row.outcome not in WELL
        merged["event", row.target, row.source, row.name, ""].add(row, is_error=failed, measured=not failed)
    return [
        Arrow(
            kind=kind,
            asker=asker,
            answerer=answerer,
            name=name,
            method=method,
            count=sums.count,
            seconds=sums.total,
            errors=sums.errors,
            in_transactions=sums.in_transactions if kind == "question" else 0,
            came_back=sums.in_transactions if kind == "event" else 0,
            p50_ms=seconds_below_which(0.50, sums.buckets) * 1000,
            p99_ms=seconds_below_which(0.99, sums.buckets) * 1000,
            last_seen=sums.last_seen,
            deepest=sums.most,
            outcomes=tuple(sorted(sums.outcomes.items(), key=lambda item: (-item[1], item[0]))),
        )
        for (kind, asker, answerer, name, method), sums in sorted(merged.items())
    ]


def entry_points(days: int = RETENTION_DAYS) -> Sequence[EntryPoint]:
    """Return each entry with the questions that its journeys ask, those that ask most first."""
    asked: dict[str, dict[tuple[str, str, str], _Merged]] = defaultdict(lambda: defaultdict(_Merged))
    for row in _rows(days, Observation.Kind.ASKED):
        asked[row.source][row.outcome, row.target, row.name].add(row)
    entries: dict[tuple[str, str], _Merged] = defaultdict(_Merged)
    for row in _rows(days, Observation.Kind.JOURNEY):
        entries[row.outcome, row.source].add(row)
    found = [
        EntryPoint(
            kind=kind,
            entry=entry,
            journeys=sums.count,
            count=int(sums.total),
            most=sums.most,
            p50=number_below_which(0.50, sums.buckets),
            p99=number_below_which(0.99, sums.buckets),
            last_seen=sums.last_seen,
            asked=tuple(_asked(asked[entry])),
        )
        for (kind, entry), sums in entries.items()
    ]
    return sorted(found, key=lambda entry: (-entry.per_journey, entry.entry))


def crossings(days: int = RETENTION_DAYS) -> Sequence[Crossing]:
    """Return each boundary that guards saw crossed, sorted by rule and place."""
    merged: dict[tuple[str, str, str, str], _Merged] = defaultdict(_Merged)
    for row in _rows(days, Observation.Kind.CROSSING):
        merged[row.name, row.outcome, row.source, row.target].add(row)
    return [
        Crossing(rule=rule, module=module, source=source, target=target, count=sums.count, last_seen=sums.last_seen)
        for (rule, module, source, target), sums in sorted(merged.items())
    ]


def _asked(questions: dict[tuple[str, str, str], _Merged]) -> Iterable[AskedOnTheWay]:
    for (asker, contract, method), sums in sorted(questions.items(), key=lambda item: (-item[1].total, item[0])):
        yield AskedOnTheWay(
            asker=asker,
            contract=contract,
            method=method,
            journeys=sums.count,
            count=int(sums.total),
            most=sums.most,
            p99=number_below_which(0.99, sums.buckets),
        )


@dataclass(slots=True)
class _Merged:
    """Rows of several days and outcomes, added up."""

    count: int = 0
    total: float = 0.0
    most: int = 0
    errors: int = 0
    in_transactions: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * SIZE)
    outcomes: dict[str, int] = field(default_factory=dict)
    last_seen: datetime = _NEVER

    def add(self, row: Any, *, is_error: bool = False, measured: bool = True) -> None:
        self.count += row.count
        self.total += row.total
        self.most = max(self.most, row.most)
        self.errors += row.count if is_error else 0
        self.in_transactions += row.in_transactions
        if measured:
            self.buckets = [a + b for a, b in zip(self.buckets, row.buckets, strict=True)]
        self.outcomes[row.outcome] = self.outcomes.get(row.outcome, 0) + row.count
        self.last_seen = max(self.last_seen, row.last_seen)


def _rows(days: int, *kinds: Observation.Kind) -> Iterable[Observation]:
    first = datetime.now(UTC).date() - timedelta(days=days)
    return Observation.objects.using(ALIAS).filter(day__gte=first, kind__in=kinds)
