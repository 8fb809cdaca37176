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
from infra.extraction.switch.errors import Refused
from infra.extraction.switch.transitions import STAND_BACK, UNFENCE, Row, State


def settle(primary: Side, standby: Side, *, by: str) -> None:
    """Make the standby one that only follows and the primary one that only leads; a repeat changes nothing.

    Whoever had prepared a switch and did not finish it is refused from then on: the epoch moves before anything is cleared away.

    Raises:
        Refused: the sides are not at rest, or ceased to be; recover first.
        psycopg.Error: a side does not answer. Run it again.
        DataPlaneError: a table stayed locked by others. Run it again.
    """
    with connect(primary, "settling") as leading, connect(standby, "settling") as following:
        _require_rest(gate.read(leading, primary), gate.read(following, standby))
        names = carried_names(following, standby)
        if is_captured(following, standby):
            if not _condemned(following, standby):
                _supersede((leading, following), (primary, standby), by)
            capture.remove(following, standby)
        guards.hold(following, standby, carried_tables(following, standby.schema, names), references=False)
        strangers.keep_out(following, standby, names)
        stream.end(leading, primary)
        strangers.let_in(leading, primary)


def _require_rest(leading: Row, following: Row) -> None:
    if (leading.state, following.state) != (State.PRIMARY, State.STANDBY) or leading.epoch != following.epoch:
        raise Refused(
            f"The sides are {leading.state} at epoch {leading.epoch} and {following.state} at {following.epoch}."
        )


def _condemned(connection: Connection, side: Side) -> bool:
    """Keep everybody from claiming a standby's capture that was left from before; return whether it was.

    One that is younger than its side's being a standby, or was claimed since (`capture.claim`), is a switch's preparation.
    """
    query = sql.SQL(
        "UPDATE {0}.capture c SET carried_at = 'epoch' FROM {0}.gate g WHERE c.carried_at <= g.changed_at RETURNING true"
    )
    return connection.execute(query.format(sql.Identifier(side.control_schema))).fetchone() is not None


def _supersede(connections: tuple[Connection, Connection], sides: tuple[Side, Side], by: str) -> None:
    rows = gate.read(connections[0], sides[0]), gate.read(connections[1], sides[1])
    _require_rest(*rows)
    with connections[0].transaction():
        moved = gate.apply(connections[0], sides[0], UNFENCE, rows[0], rows[1], by=by)
    with connections[1].transaction():
        gate.apply(connections[1], sides[1], STAND_BACK, rows[1], moved, by=by)


def is_captured(connection: Connection, side: Side) -> bool:
    """Return whether writes on this side are logged."""
    if not control.is_prepared(connection, side):
        return False
    query = sql.SQL("SELECT FROM {}").format(sql.Identifier(side.control_schema, "capture"))
    return connection.execute(query).fetchone() is not None
