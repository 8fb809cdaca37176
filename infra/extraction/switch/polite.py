"""What a writer asks before its first table lock, so that it waits during a switch and is not refused.

A courtesy that saves a failed transaction: who does not ask, or asks too late, is stopped by the missing privilege.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import sql

from infra.extraction.switch.errors import Elsewhere
from infra.extraction.switch.transitions import Row, State


def lock_name(control_schema: str) -> str:
    return f"{control_schema} gate"


def entrance(control_schema: str) -> str:
    """Return the SQL that a writer runs first: it waits while a switch holds the gate, then answers (state, epoch).

    Two statements in one message: in read committed the second sees what the switch left, not what stood before the wait.
    """
    name, gate = sql.Literal(lock_name(control_schema)), sql.Identifier(control_schema, "gate")
    return (
        sql.SQL("SELECT pg_advisory_xact_lock_shared(hashtextextended({}, 0)); SELECT state, epoch FROM {}")
        .format(name, gate)
        .as_string(None)
    )


def require_here(answer: Sequence[Any]) -> Row:
    """Return what the gate says.

    Raises:
        Elsewhere: this side does not hold the truth (any more).
    """
    row = Row(State(answer[0]), int(answer[1]))
    if row.state is not State.PRIMARY:
        raise Elsewhere(f"This side is {row.state.value} at epoch {row.epoch}: writes go to the other.")
    return row


def enter(cursor: Any, control_schema: str) -> Row:
    """Ask at the gate with a psycopg cursor, inside the transaction that is going to write."""
    cursor.execute(entrance(control_schema))
    while cursor.nextset():
        pass
    fetch: Callable[[], Sequence[Any]] = cursor.fetchone
    return require_here(fetch())
