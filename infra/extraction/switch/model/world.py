"""The state of the model: two sides, a lock on each, writers, and who is switching or repairing."""

from __future__ import annotations

from typing import NamedTuple

from infra.extraction.switch.transitions import Row, State

NOBODY = -1


class Side(NamedTuple):
    """One database: its gate, whether the application may write there, and the data."""

    row: Row
    granted: bool
    values: tuple[int, ...]  # of each writer's own key, the newest version that stands here
    dirty: tuple[bool, ...]  # keys that the stream away from here has yet to carry
    captured: bool  # whether there is such a stream, with a cursor
    gate_lock: int  # the coordinator whose session holds the polite gate, or NOBODY


class Writer(NamedTuple):
    """A client that writes one key, again and again, on whichever side lets it."""

    inside: int  # the side where its transaction holds a table lock, or NOBODY
    acknowledged: int  # versions that it was told are committed
    left: int


class Coordinator(NamedTuple):
    """Somebody who works through the steps; frozen for any time between any two of them."""

    at: int  # index of the next step; len(steps) when done or given up
    source: int
    epoch: int
    cargo: tuple[tuple[int, int], ...]  # keys and versions that it read at the source and has yet to write


class Recovery(NamedTuple):
    """Somebody who reads both rows, one after the other, and makes what `remedy_for` says."""

    at: int  # 0 and 1: to read that side; then the transition to make; GONE when done, refused or not begun
    rows: tuple[Row | None, Row | None]
    runs_left: int


GONE = 99


class World(NamedTuple):
    """All of it."""

    sides: tuple[Side, Side]
    writers: tuple[Writer, ...]
    coordinators: tuple[Coordinator, ...]
    recoveries: tuple[Recovery, ...]


def beginning(*, writers: int, writes: int, coordinators: int, recoveries: int, runs: int = 1) -> World:
    """Return a module at rest on side 0, with a standby that has its data and the stream towards it."""
    nothing, clean = (0,) * writers, (False,) * writers
    return World(
        sides=(
            Side(Row(State.PRIMARY, 1), True, nothing, clean, True, NOBODY),
            Side(Row(State.STANDBY, 1), False, nothing, clean, False, NOBODY),
        ),
        writers=(Writer(NOBODY, 0, writes),) * writers,
        coordinators=(Coordinator(0, NOBODY, 0, ()),) * coordinators,
        recoveries=(Recovery(GONE, (None, None), runs),) * recoveries,
    )
