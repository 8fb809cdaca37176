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
from infra.extraction.switch.transitions import Impossible, Role, remedy_for

_TRIES = 5  # others may be at it at the same time; each loses at most against one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Two sides at rest again."""

    primary: Side
    epoch: int
    went: Literal["nowhere", "back", "forward"]


def recover(first: Side, second: Side, *, by: str, deadlines: Deadlines | None = None) -> Rest:
    """Finish or undo what was begun.

    Raises:
        Unresolved: a side does not answer, or others were faster each time; run it again.
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
        raise Unresolved(
            f"The switch between {first.name} and {second.name} is neither finished nor undone: {error}."
            " Recover again as soon as both databases answer; until then no side accepts writes that the other lacks."
        ) from error
    raise Unresolved(f"Others were faster {_TRIES} times between {first.name} and {second.name}. Recover again.")
