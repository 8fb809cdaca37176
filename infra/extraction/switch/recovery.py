"""Brings two sides to rest, whatever a coordinator left behind: both rows are read, and the declared remedy is made.

Anybody may run it at any time, several at once: each change is a compare-and-set, and a healthy switch loses one attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import psycopg

from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.connecting import Deadlines, connect
from infra.extraction.switch.errors import Refused, Unresolved
from infra.extraction.switch.transitions import UNFENCE, Impossible, Role, State, remedy_for

_TRIES = 5  # others may be at it at the same time; each loses at most against one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Two sides at rest again."""

    primary: Side
    epoch: int
    went: Literal["nowhere", "back", "forward"]
    complete: bool = True  # no: the other side did not answer; the primary writes, and to switch one recovers again


def recover(first: Side, second: Side, *, by: str, deadlines: Deadlines | None = None) -> Rest:
    """Finish or undo what was begun.

    Raises:
        Unresolved: a side does not answer and the other can't go on alone, or others were faster each time; run it again.
        Impossible: somebody changed a gate by hand; the message says what both say.
    """
    deadlines = deadlines or Deadlines()
    sides = (first, second)
    went: Literal["nowhere", "back", "forward"] = "nowhere"
    try:
        with connect(first, deadlines, "recovery") as at_first, connect(second, deadlines, "recovery") as at_second:
            connections = (at_first, at_second)
            for attempt in range(1, _TRIES + 1):
                rows = [gate.read(at_first, first), gate.read(at_second, second)]
                try:
                    remedy = remedy_for(*rows)
                except Impossible:
                    if attempt == _TRIES:
                        raise
                    continue  # the rows may belong to two moments
                if remedy.at_rest:
                    return Rest(primary=sides[remedy.source], epoch=rows[0].epoch, went=went)
                went = "forward" if remedy.forward else "back"
                try:
                    for transition in remedy.transitions:
                        place = remedy.source if transition.side is Role.SOURCE else 1 - remedy.source
                        with connections[place].transaction():
                            rows[place] = gate.apply(
                                connections[place], sides[place], transition, rows[place], rows[1 - place], by=by
                            )
                except Refused:
                    continue
    except psycopg.Error as error:
        for side in sides:
            if rest := _back_alone(side, deadlines, by):
                return rest
        raise Unresolved(
            f"The switch between {first.name} and {second.name} is neither finished nor undone: {error}."
            " Recover again as soon as both databases answer; until then no side accepts writes that the other lacks."
        ) from error
    raise Unresolved(f"Others were faster {_TRIES} times between {first.name} and {second.name}. Recover again.")


def _back_alone(side: Side, deadlines: Deadlines, by: str) -> Rest | None:
    """Let a side write again that is fenced and gave nothing away, while the other does not answer.

    As long as this side is primary the other can't be: it opens only after this one gave.
    """
    try:
        with connect(side, deadlines, "recovery") as connection, connection.transaction():
            row = gate.read(connection, side, hold=True)
            if row.state is not State.PRIMARY:
                return None
            if gate.may_write(connection, side):
                return Rest(primary=side, epoch=row.epoch, went="nowhere", complete=False)
            after = gate.apply(connection, side, UNFENCE, row, row, by=by)
    except (psycopg.Error, Refused):
        return None
    return Rest(primary=side, epoch=after.epoch, went="back", complete=False)
