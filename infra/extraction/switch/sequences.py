"""No number is handed out twice: before the target opens, its sequences stand beyond those of both sides."""

from __future__ import annotations

from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch.gate import Connection

MARGIN = 1000  # beyond what sessions of the source may have taken ahead (CACHE) and never used
# What a sequence would hand out next, and where it must not go.
_POSITIONS = (
    "SELECT sequencename, coalesce(last_value, start_value), increment_by, min_value, max_value FROM pg_sequences"
    " WHERE schemaname = %s"
)


def advance(at_source: Connection, source: Side, at_target: Connection, target: Side) -> tuple[str, ...]:
    """Set each of the target's sequences beyond both positions; return the names.

    Not undone by a rollback: a number that is skipped is no fault.
    """
    there = {row[0]: row for row in at_source.execute(_POSITIONS, [source.schema]).fetchall()}
    here = at_target.execute(_POSITIONS, [target.schema]).fetchall()
    calls, names = [], []
    for name, position, step, least, most in here:
        positions = [position] + ([there[name][1]] if name in there else [])
        beyond = max(positions) + MARGIN * step if step > 0 else min(positions) + MARGIN * step
        calls.append(
            sql.SQL("setval({}::regclass, {})").format(
                sql.Literal(sql.Identifier(target.schema, name).as_string(at_target)),
                sql.Literal(max(least, min(most, beyond))),
            )
        )
        names.append(str(name))
    if calls:
        at_target.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls)))
    return tuple(names)
