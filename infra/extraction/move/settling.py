"""Bringing both sides' own arrangements in line with the gates: who is captured, what leads where, who is kept out.

Nobody is held while this runs, and any part of it may have been done: carrier and controller run it after each switch and
whenever they begin, each in its turn (`turns.at_work_on`), as a switch prepares what this would clear away.
"""

from __future__ import annotations

from psycopg import sql

from infra.extraction.data import capture, control, guards, strangers, stream
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.tables import carried_tables
from infra.extraction.move.sides import carried_names
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.transitions import State


def settle(primary: Side, standby: Side) -> None:
    """Make the standby one that only follows and the primary one that only leads; a repeat changes nothing.

    Raises:
        psycopg.Error: a side does not answer. Run it again.
        DataPlaneError: a table stayed locked by others. Run it again.
    """
    with connect(standby, "settling") as connection:
        if not _is(connection, standby, State.STANDBY):
            return
        names = carried_names(connection, standby)
        if is_captured(connection, standby):
            capture.remove(connection, standby)
        guards.hold(connection, standby, carried_tables(connection, standby.schema, names), references=False)
        strangers.keep_out(connection, standby, names)
    with connect(primary, "settling") as connection:
        if not _is(connection, primary, State.PRIMARY):
            return
        stream.end(connection, primary)
        strangers.let_in(connection, primary)


def is_captured(connection: Connection, side: Side) -> bool:
    """Return whether writes on this side are logged."""
    if not control.is_prepared(connection, side):
        return False
    query = sql.SQL("SELECT FROM {}").format(sql.Identifier(side.control_schema, "capture"))
    return connection.execute(query).fetchone() is not None


def _is(connection: Connection, side: Side, state: State) -> bool:
    return gate.read(connection, side).state is state
