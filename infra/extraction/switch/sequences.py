"""No number is handed out twice: before the target opens, its sequences stand beyond those of both sides."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch.gate import Connection

MARGIN = 1000  # beyond what sessions of the source may have taken ahead (CACHE) and never used
_POSITIONS = "SELECT sequencename, coalesce(last_value, start_value) FROM pg_sequences WHERE schemaname = {}"
_OWNED = """
SELECT s.sequencename, format('SELECT %s(%I) FROM %I.%I', CASE WHEN s.increment_by > 0 THEN 'max' ELSE 'min' END,
       a.attname, s.schemaname, t.relname)
  FROM pg_sequences s
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
   AND d.objid = format('%I.%I', s.schemaname, s.sequencename)::regclass
  JOIN pg_class t ON t.oid = d.refobjid
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE s.schemaname = {}
"""
# Beyond both positions, in the direction in which a sequence counts, and not beyond where it may go.
_ADVANCE = """
SELECT setval(format('%I.%I', s.schemaname, s.sequencename)::regclass, greatest(s.min_value, least(s.max_value,
       least({margin}::numeric, (s.max_value::numeric - s.min_value) / 100) * s.increment_by + CASE WHEN s.increment_by > 0
           THEN greatest(coalesce(s.last_value, s.start_value), p.position)
           ELSE least(coalesce(s.last_value, s.start_value), p.position) END))::bigint)
  FROM pg_sequences s
  LEFT JOIN unnest({names}::text[], {positions}::bigint[]) AS p(name, position) ON p.name = s.sequencename
 WHERE s.schemaname = {schema}
"""


def positions(connection: Connection, side: Side) -> dict[str, int]:
    """Return how far each sequence of a side is."""
    query = sql.SQL(_POSITIONS).format(side.schema)
    return {str(name): int(position) for name, position in connection.execute(query).fetchall()}


def highest_used(connection: Connection, side: Side) -> dict[str, int]:
    """Return the last number that stands in a row, of each sequence that belongs to a column.

    Rows that were carried have their numbers from the other side's sequences.
    """
    owned = connection.execute(sql.SQL(_OWNED).format(side.schema)).fetchall()
    found = {str(name): connection.execute(str(query)).fetchone() for name, query in owned}
    return {name: int(row[0]) for name, row in found.items() if row and row[0] is not None}


def advance(at_target: Connection, target: Side, there: Mapping[str, int], *, margin: int = MARGIN) -> None:
    """Set each of the target's sequences beyond its own position and that of the other side's.

    Not undone by a rollback: a number that is skipped is no fault.
    """
    at_target.execute(
        sql.SQL(_ADVANCE).format(margin=margin, names=list(there), positions=list(there.values()), schema=target.schema)
    )
