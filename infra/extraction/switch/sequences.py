"""No number is handed out twice: before the target opens, its sequences stand beyond those of both sides."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch.gate import Connection

MARGIN = 1000  # beyond what sessions of the source may have taken ahead (CACHE) and never used
_POSITIONS = "SELECT sequencename, coalesce(last_value, start_value) FROM pg_sequences WHERE schemaname = {}"
# Beyond both positions, in the direction in which a sequence counts, and not beyond where it may go.
_ADVANCE = """
SELECT setval(format('%I.%I', s.schemaname, s.sequencename)::regclass, greatest(s.min_value, least(s.max_value,
       {margin}::numeric * s.increment_by + CASE WHEN s.increment_by > 0
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


def advance(at_target: Connection, target: Side, there: Mapping[str, int]) -> None:
    """Set each of the target's sequences beyond its own position and that of the other side's.

    Not undone by a rollback: a number that is skipped is no fault.
    """
    at_target.execute(
        sql.SQL(_ADVANCE).format(margin=MARGIN, names=list(there), positions=list(there.values()), schema=target.schema)
    )
