"""The first copy over several streams, under the same rule as the step.

A round begins with a step, which takes the target and its cursor to a snapshot S. Workers read that same S, and each adds a
chunk that lies right beyond its table's frontier, and the frontier, in one transaction under the applier's lease. The cursor
stays S meanwhile. So after every single commit the target equals S up to the frontiers, just as after a step, and whatever is
killed, the next step or round goes on from there. Chunks of one table are copied side by side and committed in their order.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from infra.extraction.data import stream
from infra.extraction.data.application import Chunk, bound, copy_chunk
from infra.extraction.data.connections import COPYING, Connection, connect, one_row
from infra.extraction.data.pace import Pace
from infra.extraction.data.stream import Frontier, Position
from infra.extraction.data.tables import Table
from infra.extraction.sides import Side

ROUND_SECONDS = 10.0  # so long a snapshot is kept at most, plus the chunks that are under way then
WAIT_SECONDS = 120.0  # a worker may wait so long for its turn before the server ends its session
_MOST_STREAMS = 4  # more fight for the target's log
SAME_SNAPSHOT = "SET TRANSACTION SNAPSHOT {}"
_LOOK_SECONDS = 0.25  # so often a round asks whether it is to go on


def default_streams() -> int:
    """Return how many streams a first copy has when nobody says: one per core, four at most."""
    return max(1, min(_MOST_STREAMS, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class _Task:
    chunk: Chunk
    number: int  # of the chunk within its table, in this round
    rows: int  # as many as it should have


@dataclass(slots=True)
class _Line:
    """The chunks of one table in a round."""

    above: str | None
    given_out: int = 0
    committed: int = 0
    ended: bool = False  # the last chunk was given out

    @property
    def under_way(self) -> int:
        return self.given_out - self.committed


class Copying:
    """Connections and paces of a first copy's workers, kept from round to round."""

    def __init__(
        self,
        sides: tuple[Side, Side],
        tables: Sequence[Table],
        *,
        pace_of: Callable[[Table], Pace],
        require: Callable[[Connection, Position], None],
    ) -> None:
        """Args: `require` is called in each transaction on the target, last before the frontier is saved."""
        self._sides, self._tables, self._require = sides, tables, require
        self._pace_of = pace_of
        self._pairs: list[tuple[Connection, Connection]] = []

    def close(self) -> None:
        for pair in self._pairs:
            for connection in pair:
                connection.close()
        self._pairs.clear()

    def round(
        self, holder: Connection, position: Position, *, streams: int, goes_on: Callable[[], bool]
    ) -> tuple[Position, int]:
        """Copy chunks of the snapshot that `holder` is in, to which `position` was saved already; `holder` is left outside.

        Args:
            goes_on: asked several times a second, in the calling thread; once it says no, no chunk is begun any more.

        Returns:
            The new position and how many rows were copied.

        Raises:
            LeaseLost: another applier took over; like any other failure it ends all workers, what they committed stays.
        """
        while len(self._pairs) < streams:
            source = connect(self._sides[0], COPYING, idle_seconds=WAIT_SECONDS)
            try:
                self._pairs.append((source, connect(self._sides[1], COPYING, idle_seconds=WAIT_SECONDS)))
            except BaseException:
                source.close()
                raise
        snapshot = one_row(holder.execute("SELECT pg_export_snapshot()").fetchone())[0]
        pairs = self._pairs[:streams]
        try:
            for source, _ in pairs:
                source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                source.execute(sql.SQL(SAME_SNAPSHOT).format(sql.Literal(snapshot)))
            holder.execute("COMMIT")
            work = _Round(self, position)
            with ThreadPoolExecutor(len(pairs), thread_name_prefix="copy") as pool:
                working = {pool.submit(work.work, *pair) for pair in pairs}
                while working:
                    _, working = wait(working, timeout=_LOOK_SECONDS)
                    if not goes_on():
                        work.end()
            if work.failure:
                raise work.failure
            for source, _ in pairs:
                source.execute("COMMIT")
        except BaseException:
            self.close()  # a worker may be in the middle of something
            raise
        return work.position, work.copied


class _Round:
    """What the workers of one round share."""

    def __init__(self, copying: Copying, position: Position) -> None:
        self._sides, self._tables = copying._sides, copying._tables
        self._require, self._pace_of = copying._require, copying._pace_of
        self.position = position
        self.copied = 0
        self.failure: BaseException | None = None
        self._until = time.monotonic() + ROUND_SECONDS
        self._changed = threading.Condition()
        self._lines = {
            table.name: _Line(position.of(table).key) for table in copying._tables if not position.of(table).complete
        }

    def end(self) -> None:
        """Begin no chunk any more."""
        with self._changed:
            self._until = 0.0
            self._changed.notify_all()

    def work(self, source: Connection, target: Connection) -> None:
        """Copy one chunk after the other until there is none to begin."""
        try:
            while task := self._next(source):
                began = time.monotonic()
                copied = self._copy(source, target, task)
                with self._changed:
                    self._pace_of(task.chunk.table).learn(copied, time.monotonic() - began)
        except BaseException as error:
            with self._changed:
                self.failure = self.failure or error
                self._changed.notify_all()
            with suppress(psycopg.Error):
                target.rollback()
            raise

    def _next(self, source: Connection) -> _Task | None:
        with self._changed:
            while True:
                if self.failure or time.monotonic() >= self._until:
                    return None
                if table := self._least_begun():
                    return self._give_out(source, table)
                if not any(line.under_way for line in self._lines.values()):
                    return None
                self._changed.wait()  # a parent's last chunk lets its children begin

    def _least_begun(self) -> Table | None:
        """Return the table to copy next: one that all it refers to are copied before, and few are at already."""
        ready = [
            table
            for table in self._tables
            if (line := self._lines.get(table.name))
            and not line.ended
            and all(
                each.to == table.name or self.position.frontiers.get(each.to, Frontier()).complete
                for each in table.references
            )
        ]
        return min(ready, key=lambda table: self._lines[table.name].under_way, default=None)

    def _give_out(self, source: Connection, table: Table) -> _Task:
        line, rows = self._lines[table.name], self._pace_of(table).rows
        up_to = bound(source, self._sides[0], Chunk(table, line.above, None), rows)
        task = _Task(Chunk(table, line.above, up_to), line.given_out, rows)
        line.above, line.ended = up_to, up_to is None
        line.given_out += 1
        return task

    def _copy(self, source: Connection, target: Connection, task: _Task) -> int:
        table, line = task.chunk.table, self._lines[task.chunk.table.name]
        target.execute("BEGIN")
        # Should the target crash, chunk and frontier are lost together. The cursor moves with durable commits only.
        target.execute("SET LOCAL synchronous_commit = off; SET CONSTRAINTS ALL DEFERRED")
        copied = copy_chunk(source, target, self._sides, task.chunk)
        target.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # here all workers check at once, in the commit one after the other
        with self._changed:
            self._changed.wait_for(lambda: self.failure or line.committed == task.number)
            if self.failure:
                raise self.failure
            self._require(target, self.position)
            before = self.position.of(table)
            frontier = Frontier(
                key=task.chunk.up_to or task.chunk.above,
                complete=task.chunk.up_to is None,
                rows=before.rows + copied,
            )
            position = replace(
                self.position.with_frontier(table, frontier),
                steps=self.position.steps + 1,
                rows_carried=self.position.rows_carried + copied,
            )
            stream.save(target, self._sides[1], position)
            target.execute("COMMIT")
            self.position = position
            self.copied += copied
            line.committed += 1
            self._changed.notify_all()
        return copied
