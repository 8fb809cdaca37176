"""Events between a module that lost its last writes and the others, made to agree again.

Both sides of a stream number it: the source in its outbox, the consumer as its position. When one of them stands before what
the other remembers, the next events would be taken for known ones and dropped, or would wait for ever for those before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

from infra.extraction.loss import Owned

Connection = psycopg.Connection[tuple[Any, ...]]
STREAMS_AT_ONCE = 5000

_POSITIONS = "SELECT key, position FROM {consumer}.inbox_stream WHERE source = %s AND key > %s ORDER BY key LIMIT %s"
# The numbers of lost events are left out, so that a new event is no known one.
_GO_FORWARD = """
INSERT INTO {source}.outbox_stream AS s (key, last_seq)
SELECT key, position FROM unnest(%s::text[], %s::bigint[]) AS known (key, position) WHERE position > 0 ORDER BY key
ON CONFLICT (key) DO UPDATE SET last_seq = excluded.last_seq WHERE s.last_seq < excluded.last_seq
"""
_SENT = """
SELECT stream, (sent ->> %s)::bigint FROM {source}.outbox_relay WHERE sent ? %s AND stream > %s ORDER BY stream LIMIT %s
"""
# Whoever has claimed a stream meanwhile loses the claim: what it would write down is what was lost.
_STEP_BACK = """
WITH missing AS (
    SELECT r.stream, known.position FROM {source}.outbox_relay AS r
    JOIN unnest(%(keys)s::text[], %(positions)s::bigint[]) AS known (stream, position) USING (stream)
    WHERE (r.sent ->> %(consumer)s)::bigint > known.position ORDER BY r.stream FOR UPDATE OF r
), stepped_back AS (
    UPDATE {source}.outbox_relay AS r
    SET relayed_seq = least(r.relayed_seq, missing.position), lease = NULL, leased_until = NULL,
        sent = r.sent || jsonb_build_object(%(consumer)s::text, missing.position)
    FROM missing WHERE r.stream = missing.stream
    RETURNING r.stream, r.relayed_seq
), ready AS (
    INSERT INTO {source}.outbox_ready (stream, seq, occurred_at)
    SELECT e.stream, e.seq, e.occurred_at FROM stepped_back
    JOIN {source}.outbox_event AS e ON e.stream = stepped_back.stream AND e.seq > stepped_back.relayed_seq
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM stepped_back
"""


def agree(lost: Owned, other: Owned) -> int:
    """Make the streams between two modules agree, in both directions; return how many are sent again. A repeat changes nothing.

    Nobody may write in `lost` meanwhile. Events that are older than the retention time are gone from outboxes and not sent again.

    Raises:
        psycopg.Error: one of them does not answer; what was done stays.
    """
    with (
        psycopg.connect(lost.conninfo, autocommit=True) as here,
        psycopg.connect(other.conninfo, autocommit=True) as there,
    ):
        again = 0
        for (source, at_source), (consumer, at_consumer) in (
            ((lost, here), (other, there)),
            ((other, there), (lost, here)),
        ):
            if _has_streams(at_source, source) and _has_streams(at_consumer, consumer):
                _go_forward((source, at_source), (consumer, at_consumer))
                again += _step_back((source, at_source), (consumer, at_consumer))
        return again


def _has_streams(connection: Connection, tables: Owned) -> bool:
    row = connection.execute(
        "SELECT to_regclass(format('%%I.outbox_relay', %s::text)) IS NOT NULL"
        " AND to_regclass(format('%%I.inbox_stream', %s::text)) IS NOT NULL",
        [tables.schema, tables.schema],
    ).fetchone()
    return bool(row and row[0])


def _go_forward(source: tuple[Owned, Connection], consumer: tuple[Owned, Connection]) -> None:
    statement = sql.SQL(_GO_FORWARD).format(source=sql.Identifier(source[0].schema))
    query = sql.SQL(_POSITIONS).format(consumer=sql.Identifier(consumer[0].schema))
    for known in _pages(consumer[1], query, [source[0].module]):
        source[1].execute(statement, [list(known), list(known.values())])


def _step_back(source: tuple[Owned, Connection], consumer: tuple[Owned, Connection]) -> int:
    name = consumer[0].module
    sent = sql.SQL(_SENT).format(source=sql.Identifier(source[0].schema))
    positions = sql.SQL("SELECT key, position FROM {}.inbox_stream WHERE source = %s AND key = ANY(%s)").format(
        sql.Identifier(consumer[0].schema)
    )
    statement = sql.SQL(_STEP_BACK).format(source=sql.Identifier(source[0].schema))
    count = 0
    for told in _pages(source[1], sent, [name, name]):
        known: dict[str, int] = dict(consumer[1].execute(positions, [source[0].module, list(told)]).fetchall())
        behind = {key: known.get(key, 0) for key, seq in told.items() if known.get(key, 0) < seq}
        if behind:
            row = (
                source[1]
                .execute(statement, {"keys": list(behind), "positions": list(behind.values()), "consumer": name})
                .fetchone()
            )
            count += int(row[0]) if row else 0
    return count


def _pages(connection: Connection, query: sql.Composed, parameters: list[str]) -> Iterator[Mapping[str, int]]:
    """Yield number by key, from key to key, so that a million streams need no memory."""
    after = ""
    while page := connection.execute(query, [*parameters, after, STREAMS_AT_ONCE]).fetchall():
        yield {str(key): int(number) for key, number in page}
        after = page[-1][0]
