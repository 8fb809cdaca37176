"""Taking away what a move made on one side: capture, stream, gate, triggers, log."""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from infra.extraction.data import capture, control, guards, strangers, stream
from infra.extraction.data.connections import Connection, connect, one_row
from infra.extraction.freezing.guard import thaw
from infra.extraction.move.sides import carried_names
from infra.extraction.sides import Side
from infra.extraction.switch import gate

Report = Callable[[str], None]


def clear(side: Side, report: Report, *, keep_rows: bool, open_again: bool = True) -> None:
    """Take away all that a move needs on one side; a repeat goes on where an earlier one was killed.

    Args:
        keep_rows: otherwise what was copied there goes, too.
        open_again: whether an application that was fenced off may write again.
    """
    with connect(side, "clearing") as connection:
        names = carried_names(connection, side)
        if not names:
            return
        strangers.let_in(connection, side)
        if control.is_prepared(connection, side):
            capture.remove(connection, side)
            if not keep_rows:
                stream.end(connection, side)
                every = sql.SQL(", ").join(sql.Identifier(side.schema, name) for name in names)
                connection.execute(sql.SQL("TRUNCATE {}").format(every))
            guards.release(connection, side, guards.TRIGGER)
            guards.release(connection, side, guards.REFERENCE)
            control.discard(connection, side)
        if has_gate(connection, side):
            # Also the service's empty tables, or a later beginning would take their being closed for what migrations want.
            gate.uninstall(connection, side, writable=open_again and not gate.may_write(connection, side))
        thaw(connection, side)
    report(f"{side.schema}: nothing of the move is left on the {side.name}'s side")


def has_gate(connection: Connection, side: Side) -> bool:
    """Return whether a side is part of a move."""
    return bool(
        one_row(
            connection.execute(
                "SELECT to_regclass(format('%%I.gate', %s::text)) IS NOT NULL", [side.control_schema]
            ).fetchone()
        )[0]
    )
