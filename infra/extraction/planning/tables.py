"""The tables that would move, and by name those that can't, as the data plane itself sees them."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from infra.extraction.data.connections import Connection
from infra.extraction.data.errors import CannotBeCarried
from infra.extraction.data.tables import carried_tables
from infra.extraction.planning.model import PlannedTable, Refused, Speed
from infra.extraction.sides import Side

SECONDS_PER_TABLE = 0.1  # its trigger, its first and its last step, however small it is

_SIZES = """
SELECT c.relname::text, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid),
       (SELECT string_agg(a.attname::text, ', ' ORDER BY k.place)
          FROM pg_index x CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
         WHERE x.indrelid = c.oid AND x.indisprimary AND k.place <= x.indnkeyatts),
       (SELECT array_agg(t.tgname::text ORDER BY t.tgname) FROM pg_trigger t
         WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgname NOT LIKE 'banyan_%%')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = ANY(%s) ORDER BY 3 DESC, 1
"""
_SEQUENCES = "SELECT sequencename::text FROM pg_sequences WHERE schemaname = %s AND sequencename <> %s ORDER BY 1"
_COUNTED_UP_TO = 100_000  # counting so many takes some milliseconds


def refusals(connection: Connection, side: Side, names: Sequence[str]) -> tuple[Refused, ...]:
    """Return every reason for which the data plane would refuse to carry these tables."""
    try:
        carried_tables(connection, side.schema, names)
    except CannotBeCarried as refusal:
        return tuple(Refused(why=reason) for reason in refusal.reasons)
    return ()


def planned(connection: Connection, side: Side, names: Sequence[str], speed: Speed) -> tuple[PlannedTable, ...]:
    """Return the tables with their sizes and the time that each is expected to take, largest first."""
    return tuple(
        PlannedTable(
            name=name,
            rows=_counted(connection, side, name, rows),
            size_bytes=size,
            key=key or "",
            triggers=tuple(triggers or ()),
            seconds=SECONDS_PER_TABLE + size / speed.bytes_per_second,
        )
        for name, rows, size, key, triggers in connection.execute(_SIZES, [side.schema, list(names)]).fetchall()
    )


def sequences(connection: Connection, side: Side, history: str) -> tuple[str, ...]:
    """Return the sequences that must stand beyond their last number before the other side writes."""
    rows = connection.execute(_SEQUENCES, [side.schema, f"{history}_id_seq"]).fetchall()
    return tuple(row[0] for row in rows)


def _counted(connection: Connection, side: Side, name: str, estimate: int) -> int:
    if estimate > _COUNTED_UP_TO:
        return estimate
    try:
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(side.schema, name))
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:  # a table of somebody else's, which is refused by name
        return estimate
    return int(row[0]) if row else 0
