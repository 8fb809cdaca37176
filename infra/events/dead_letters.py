"""Looking at what could not be handled, and deciding about it: try it again, or leave it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that no attempt could handle, or that nobody here handles (`parked`)."""

    consumer: str
    source: str
    key: str
    seq: int
    id: UUID
    name: str
    state: str
    attempts: int
    error: str
    stops_its_key: bool
    waiting_behind: int
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: those that match every given criterion."""

    id: UUID | None = None
    name: str | None = None
    key: str | None = None

    def condition(self) -> tuple[str, list[Any]]:
        given = [(column, getattr(self, column)) for column in ("id", "name", "key")]
        criteria = [(column, value) for column, value in given if value is not None]
        text = " AND ".join(["state IN ('dead', 'parked')", *(f"{column} = %s" for column, _ in criteria)])
        return text, [value for _, value in criteria]


def dead_letters(consumer: str, selection: Selection | None = None, *, limit: int = 1000) -> list[DeadLetter]:
    """Return a module's dead letters, oldest first."""
    condition, parameters = (selection or Selection()).condition()
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            f"SELECT source, key, seq, id, name, state, attempts, error, blocks,"  # noqa: S608 - columns of ours
            f" (SELECT count(*) FROM inbox_event AS w WHERE w.source = e.source AND w.key = e.key"
            f"  AND w.seq > e.seq AND w.state = 'waiting' AND e.blocks), failed_at"
            f" FROM inbox_event AS e WHERE {condition} ORDER BY id LIMIT %s",
            [*parameters, limit],
        )
        return [DeadLetter(consumer, *row) for row in cursor.fetchall()]


def count(consumer: str, selection: Selection) -> int:
    condition, parameters = selection.condition()
    with connections[consumer].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM inbox_event WHERE {condition}", parameters)  # noqa: S608
        return int(cursor.fetchone()[0])


def replay(consumer: str, selection: Selection) -> Iterator[int]:
    """Have matching dead letters tried again from their first attempt on, their keys in order; yield how many, batch by batch."""
    return _decide(
        consumer,
        selection,
        "UPDATE inbox_event AS e SET state = 'failed', attempts = 0, blocks = true FROM chosen"
        " WHERE e.source = chosen.source AND e.key = chosen.key AND e.seq = chosen.seq",
    )


def skip(consumer: str, selection: Selection) -> Iterator[int]:
    """Leave matching dead letters out for good: what waited behind them goes on; yield how many, batch by batch."""
    return _decide(
        consumer,
        selection,
        "DELETE FROM inbox_event AS e USING chosen"
        " WHERE e.source = chosen.source AND e.key = chosen.key AND e.seq = chosen.seq",
    )


def _decide(consumer: str, selection: Selection, verb: str) -> Iterator[int]:
    condition, parameters = selection.condition()
    after = ("", "")  # each stream once, also when its event fails again meanwhile
    while True:
        with transaction.atomic(using=consumer), connections[consumer].cursor() as cursor:
            # Streams are locked first and sorted, as receivers do it.
            cursor.execute(
                f"SELECT DISTINCT source, key FROM inbox_event WHERE {condition}"  # noqa: S608
                " AND (source, key) > (%s, %s) ORDER BY 1, 2 LIMIT %s",
                [*parameters, *after, AT_ONCE],
            )
            streams = cursor.fetchall()
            if not streams:
                return
            after = streams[-1]
            sources, keys = [source for source, _ in streams], [key for _, key in streams]
            cursor.execute(
                "SELECT 1 FROM inbox_stream WHERE (source, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
                " ORDER BY source, key FOR NO KEY UPDATE",
                [sources, keys],
            )
            cursor.execute(
                f"WITH chosen AS (SELECT source, key, seq FROM inbox_event WHERE {condition}"  # noqa: S608
                f" AND (source, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))) {verb}",
                [*parameters, sources, keys],
            )
            decided = cursor.rowcount
            cursor.execute(
                "UPDATE inbox_stream SET blocked = true, stored = true, next_attempt_at = clock_timestamp()"
                " WHERE (source, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
                [sources, keys],
            )
        yield decided
