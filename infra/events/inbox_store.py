"""The rows behind the inbox: positions of streams, and events that wait there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connections

from infra.databases.prepared import prepared_cursor
from infra.events.envelope import Numbered, decode_envelope, encode_envelope

if TYPE_CHECKING:
    from infra.events.inbox import Stream

# Rows are always locked sorted, so that two receivers of the same keys wait for each other instead of deadlocking.
_LOCK = """
INSERT INTO inbox_stream AS s (source, key)
SELECT wanted.source, wanted.key FROM unnest(%s::text[], %s::text[]) AS wanted (source, key) ORDER BY 1, 2
ON CONFLICT (source, key) DO UPDATE SET position = s.position
RETURNING source, key, position, blocked, stored
"""

# An upsert, although the rows are there: it finds them by the key, whatever the planner thinks of the table's size.
_SAVE = """
INSERT INTO inbox_stream AS s (source, key, position, blocked, stored, next_attempt_at)
SELECT source, key, position, blocked, stored, clock_timestamp() + make_interval(secs => retry_in)
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bool[], %s::bool[], %s::float8[])
    AS new (source, key, position, blocked, stored, retry_in)
ON CONFLICT (source, key) DO UPDATE
SET position = excluded.position, blocked = excluded.blocked, stored = excluded.stored,
    next_attempt_at = COALESCE(excluded.next_attempt_at, s.next_attempt_at)
"""

_STORE = """
INSERT INTO inbox_event (source, key, seq, previous, id, name, envelope, state, attempts, error, blocks, failed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, CASE WHEN %s > 0 THEN clock_timestamp() END)
ON CONFLICT (source, key, seq) DO UPDATE
SET state = excluded.state, attempts = excluded.attempts, error = excluded.error, blocks = excluded.blocks,
    failed_at = excluded.failed_at
"""


def lock_streams(consumer: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stream]:
    """Lock the rows of these streams until the transaction ends, making those that are not there yet."""
    from infra.events.inbox import Stream

    wanted = sorted(set(keys))
    with prepared_cursor(consumer) as cursor:
        cursor.execute(_LOCK, [[source for source, _ in wanted], [key for _, key in wanted]])
        return {(row[0], row[1]): Stream(*row) for row in cursor.fetchall()}


def save_streams(consumer: str, streams: Sequence[Stream]) -> None:
    if not streams:
        return
    columns = zip(
        *((s.source, s.key, s.position, s.blocked, s.stored, s.retry_in_seconds) for s in streams), strict=True
    )
    with prepared_cursor(consumer) as cursor:
        cursor.execute(_SAVE, [list(column) for column in columns])


def store(
    consumer: str,
    stream: Stream,
    event: Numbered,
    state: str,
    *,
    attempts: int = 0,
    error: str = "",
    blocks: bool = False,
) -> None:
    """Keep an event in the inbox; one that is there already changes its state."""
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            _STORE,
            [
                stream.source, stream.key, event.seq, event.previous, event.event.id, event.event.type,
                encode_envelope(event.event), state, attempts, error, blocks, attempts,
            ],
        )  # fmt: skip


def no_longer_early(consumer: str, stream: Stream) -> Iterator[Numbered]:
    """Take out of the store, in order, the early events that nothing is missing before any more."""
    while True:
        with connections[consumer].cursor() as cursor:
            cursor.execute(
                "DELETE FROM inbox_event WHERE (source, key, seq) = ("
                " SELECT source, key, seq FROM inbox_event WHERE source = %s AND key = %s AND state = 'early'"
                " ORDER BY seq LIMIT 1) AND previous <= %s"
                " RETURNING seq, previous, envelope::text",
                [stream.source, stream.key, stream.position],
            )
            row = cursor.fetchone()
        if row is None:
            break
        yield Numbered(row[0], row[1], decode_envelope(row[2]))
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM inbox_event WHERE source = %s AND key = %s"
            " AND state IN ('early', 'waiting', 'failed'))",
            [stream.source, stream.key],
        )
        (stream.stored,) = cursor.fetchone()
        stream.touched = True
