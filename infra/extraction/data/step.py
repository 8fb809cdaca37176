"""The step: the one thing that moves data, for the first copy, for what changed, for repairs, and in both directions.

It reads a snapshot of the source, and in one transaction gives the target the present rows of all keys that were touched since
the snapshot before, the next chunk of the copy, and the snapshot as its new cursor. After each step the target equals the
source as of that snapshot, up to the frontier. No order of changes has to be known, and a death anywhere repeats the step.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Self

import psycopg
from psycopg import sql

from infra.extraction.data import capture, guards, log, stream
from infra.extraction.data.application import Application, Chunk, Keys, average_row_bytes, bound
from infra.extraction.data.connections import APPLYING, Connection, connect, one_row
from infra.extraction.data.copying import Copying, default_streams
from infra.extraction.data.errors import SourceChanged, TargetChanged
from infra.extraction.data.governor import Governor
from infra.extraction.data.mapping import Mappings, names_there, paired
from infra.extraction.data.pace import Pace
from infra.extraction.data.stream import Frontier, Position
from infra.extraction.data.tables import Table, carried_tables
from infra.extraction.sides import Side

POLL_SECONDS = 0.005
LONGEST_POLL_SECONDS = 0.02  # while nothing is written, so that a module at rest costs next to nothing
PURGE_SECONDS = 2.0
IDLE_SAVE_SECONDS = (
    1.0  # the cursor follows the source so often even when the module is quiet, so that the log's end stays near
)
_ENTANGLED = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.ExclusionViolation,
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.RestrictViolation,
    psycopg.errors.NotNullViolation,  # SET NULL on a column that must not be null
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did."""

    touched: int = 0  # keys carried again
    copied: int = 0  # rows of the first copy
    transactions: int = 0
    rebuilt: bool = False  # rows had swapped unique values
    seconds: float = 0.0

    @property
    def quiet(self) -> bool:
        return not self.touched and not self.copied


class Applier:
    """The one that carries a module's tables from `source` to `target`. Make it with `with`; it takes the stream over."""

    def __init__(
        self,
        source: Side,
        target: Side,
        names: Sequence[str],
        *,
        pace: Pace | None = None,
        permitted: Callable[[Connection], None] | None = None,
        streams: int | None = None,
        governor: Governor | None = None,
        mappings: Mappings | None = None,
    ) -> None:
        """Make it ready.

        Args:
            permitted: called in each transaction on the target; raises to keep it from being committed.
            streams: at most so many copy side by side; by default one per core, four at most.
            governor: makes the first copy rest while `follow` runs.
            mappings: what differs between the two sides' tables, as seen from the source (`mapping.backwards`). What they
                may lose was judged when the stream was begun.
        """
        self._mappings = mappings or {}
        self.source, self.target, self._names = source, target, tuple(names)
        self.pace = pace or Pace()
        self.streams = streams or default_streams()
        self.governor = governor or Governor()
        self.governor.most = self.streams
        self._paces: dict[str, Pace] = {}
        self._permitted = permitted or (lambda connection: None)
        self._purged_at = self._saved_at = time.monotonic()
        self.purges = True  # off while writers wait: to empty the log takes its time
        self.rows_per_second = 0.0

    def __enter__(self) -> Self:
        self._reading = connect(self.source, APPLYING)
        try:
            self._writing = connect(self.target, APPLYING)
            self.tables = capture.captured_tables(self._reading, self.source, self._names)
            if self._mappings:
                twins = carried_tables(self._writing, self.target.schema, names_there(self._names, self._mappings))
                self.tables = paired(self.tables, twins, self._mappings, way_back_waived=True)
            self.position = stream.take_over(self._writing, self.target)
            self._check_source(capture.identity(self._reading, self.source))
            self._check_target(stream.identity_of(self._writing))
            self._application = Application(self._reading, self._writing, (self.source, self.target), self.tables)
            self._copying = Copying(
                (self.source, self.target), self.tables, pace_of=self._pace_of, require=self._require
            )
            self._paces = {
                table.name: self.pace.for_rows_of(average_row_bytes(self._reading, self.source, table))
                for table in self.tables
            }
            self._restore_references()
            self._application.prepare()
            # A target that crashes goes back together with its cursor. What must be durable for that is so before a purge.
            self._writing.execute("SET synchronous_commit = off")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for name in ("_reading", "_writing"):
            if connection := getattr(self, name, None):
                connection.close()
        if copying := getattr(self, "_copying", None):
            copying.close()

    @property
    def copied(self) -> bool:
        """Whether the first copy is through."""
        return self.position.complete(self.tables)

    def step(self, *, handover: Callable[[Connection, str], None] | None = None) -> Step:
        """Carry what there is to carry now, and the next chunk of a first copy.

        Args:
            handover: called when the target equals the source's snapshot, with the connection that is still in it. It keeps
                that connection; the applier opens a new one.

        Raises:
            LeaseLost: another applier took over.
            SourceChanged: the source isn't the server that the cursor was taken on.
            TargetRefused: the target's application may write there.
        """
        return self._step(streams=1, handover=handover)

    def advance(self, *, streams: int | None = None, goes_on: Callable[[], bool] = lambda: True) -> Step:
        """Do a step; while the first copy lasts, follow it with chunks over several streams for some seconds.

        Args:
            streams: at most so many, by default all; 0 carries changes only.
            goes_on: asked several times a second; once it says no, no chunk is begun any more.

        Raises:
            LeaseLost, SourceChanged, TargetRefused: as a step. Chunks that were committed before stay.
        """
        return self._step(streams=self.streams if streams is None else streams, goes_on=goes_on)

    def follow(self, stop: threading.Event, nudge: threading.Event | None = None) -> None:
        """Go on until `stop` is set: at once while there is something, else on a nudge, else every few milliseconds.

        The first copy makes way as the governor says, and rests while the stream is paused.
        """
        nudge = nudge or threading.Event()
        pause = POLL_SECONDS

        def may_go_on() -> bool:
            return not stop.is_set() and self._allowed_streams() > 0

        while not stop.is_set():
            streams = 0 if self.copied else self._allowed_streams()
            if not streams and not self.behind() and time.monotonic() - self._saved_at < IDLE_SAVE_SECONDS:
                nudge.wait(pause)
                nudge.clear()
                pause = min(2 * pause, LONGEST_POLL_SECONDS)
                continue
            pause = POLL_SECONDS
            step = self.advance(streams=streams, goes_on=may_go_on)
            if step.copied and self.pace.rest_seconds:
                stop.wait(self.pace.rest_seconds)

    def copy_all(self) -> None:
        """Go on until the first copy is through, as fast as it goes; what is written meanwhile is carried along."""
        while not self.copied:
            self.advance()

    def behind(self) -> bool:
        """Whether something was written that this stream did not carry yet."""
        return log.anything_unseen(self._reading, self.source, self.position.cursor)

    def _allowed_streams(self) -> int:
        paused = stream.read(self._writing, self.target).paused
        return self.governor.look(self._reading, self._writing, self.source, paused=paused)

    def _step(
        self,
        *,
        streams: int,
        handover: Callable[[Connection, str], None] | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Step:
        began = time.monotonic()
        side_by_side = streams > 1 and not self.copied
        try:
            snapshot = self._snapshot()
            chunk = self._next_chunk() if streams == 1 else None
            done = self._carry(snapshot, chunk, save=handover is not None or side_by_side)
            if chunk and done.copied:
                self._pace_of(chunk.table).learn(done.copied, time.monotonic() - began)
            if handover:
                handed, self._reading = self._reading, connect(self.source, APPLYING)
                self._application.read_from(self._reading)
                handover(handed, snapshot)
            elif side_by_side:
                done = replace(done, copied=self._copy_side_by_side(streams, goes_on))
            else:
                self._reading.execute("COMMIT")
        except BaseException:
            self._recover()
            raise
        took = time.monotonic() - began
        if done.copied:
            self._restore_references()
            self.rows_per_second = done.copied / took
        self._purge_at_times()
        return replace(done, seconds=took)

    def _copy_side_by_side(self, streams: int, goes_on: Callable[[], bool]) -> int:
        try:
            self.position, copied = self._copying.round(self._reading, self.position, streams=streams, goes_on=goes_on)
        except BaseException:
            # What workers committed stays, and the next step goes on from there, unless another applier took over.
            with suppress(psycopg.Error):
                found = stream.read(self._writing, self.target)
                if found.lease == self.position.lease:
                    self.position = found
            raise
        return copied

    def _snapshot(self) -> str:
        """Begin a transaction on the source and return its snapshot; all in one message, as somebody may be waiting."""
        cursor = self._reading.execute(
            sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT pg_current_snapshot()::text, {}").format(
                capture.identity_of(self.source)
            )
        )
        while cursor.nextset():
            pass
        snapshot, identity = one_row(cursor.fetchone())
        self._check_source(str(identity))
        return str(snapshot)

    def _check_source(self, identity: str) -> None:
        if identity != self.position.source:
            raise SourceChanged(
                f"{self.source.name} is not the server that {self.target.name} was copied from: its identity is {identity},"
                f" the cursor's {self.position.source} (server/timeline/database/capture). After a failover or a restore,"
                " changes may be lost or their numbers used again. Readmit the stream, then compare everything and repair; or"
                " begin it afresh, which empties its target."
            )

    def _check_target(self, identity: str) -> None:
        source_went_back, target_went_back = log.went_back(self._reading, self.source, self.position.cursor)
        if source_went_back:
            self._check_source("the same, set back to an earlier moment")
        if identity != self.position.target or target_went_back:
            raise TargetChanged(
                f"{self.target.name} is not the server that was carried to, or was set back to an earlier moment (its identity"
                f" is {identity}, of old {self.position.target}: server/timeline/database). Changes that it had may be lost,"
                " and the log no longer has them. Readmit the stream, then compare everything and repair; or begin it afresh."
            )

    def _carry(self, snapshot: str, chunk: Chunk | None, *, save: bool) -> Step:
        limit = self.pace.batch
        found = log.touched(self._reading, self.source, self.position.cursor, limit + 1)
        if len(found) > limit:
            try:
                return self._carry_backlog(snapshot)
            except _ENTANGLED:
                # Only all of it together is free of contradictions.
                self._writing.rollback()
                found = log.touched(self._reading, self.source, self.position.cursor, 2**31)
        touched = self._covered(found)
        if not found and not chunk and not save and time.monotonic() - self._saved_at < IDLE_SAVE_SECONDS:
            return Step()
        try:
            return self._carry_at_once(snapshot, touched, chunk, rebuild=False)
        except _ENTANGLED:
            return self._carry_at_once(snapshot, touched, chunk, rebuild=True)

    def _carry_at_once(self, snapshot: str, touched: Keys, chunk: Chunk | None, *, rebuild: bool) -> Step:
        apply = self._application
        copied = 0
        position = replace(self._next_position(), cursor=snapshot, consistent=True)
        count = sum(map(len, touched.values()))
        with self._writing.transaction():
            self._require(self._writing, self.position)
            if rebuild:
                if chunk:
                    apply.clear(chunk)
                apply.rebuild(touched)
            else:
                missing = {}
                for table in self.tables:
                    if found := touched.get(table.name):
                        missing[table.name] = len(found) > apply.upsert(table, found)
            if chunk:
                copied = apply.copy(chunk)
                frontier = self.position.of(chunk.table)
                position = position.with_frontier(
                    chunk.table,
                    Frontier(key=chunk.up_to or chunk.above, complete=chunk.up_to is None, rows=frontier.rows + copied),
                )
            if not rebuild:
                for table in reversed(self.tables):
                    if missing.get(table.name):
                        apply.delete_vanished(table, touched[table.name])
            apply.outdate_comparisons(touched)
            position = replace(position, rows_carried=position.rows_carried + count + copied)
            stream.save(self._writing, self.target, position)
        self._saved(position)
        return Step(touched=count, copied=copied, transactions=1, rebuilt=rebuild)

    def _carry_backlog(self, snapshot: str) -> Step:
        """Apply very many keys in several transactions; the cursor moves only with the last, so a death repeats all."""
        count = transactions = 0
        for children_first in (False, True):
            batches = log.touched_in_batches(
                self._reading, self.source, self.position.cursor, self.pace.batch, children_first=children_first
            )
            with closing(batches):
                for number, spelled in batches:
                    count += self._carry_batch(number, spelled, deleting=children_first)
                    transactions += 1
        position = replace(
            self._next_position(),
            cursor=snapshot,
            consistent=True,
            rows_carried=self.position.rows_carried + count,
        )
        with self._writing.transaction():
            self._require(self._writing, self.position)
            stream.save(self._writing, self.target, position)
        self._saved(position)
        return Step(touched=count, transactions=transactions + 1)

    def _carry_batch(self, number: int, spelled: list[str], *, deleting: bool) -> int:
        apply = self._application
        table = next(each for each in self.tables if each.number == number)
        covered = apply.covered(table, self.position.of(table), spelled)
        position = replace(self._next_position(), consistent=False)
        with self._writing.transaction():
            self._require(self._writing, self.position)
            if deleting:
                apply.delete_vanished(table, covered)
            elif covered:
                apply.upsert(table, covered)
            apply.outdate_comparisons({table.name: covered})
            stream.save(self._writing, self.target, position)
        self._saved(position)
        return 0 if deleting else len(covered)

    def _next_position(self) -> Position:
        return replace(self.position, steps=self.position.steps + 1, slowed_by=self.governor.reason)

    def _require(self, writing: Connection, position: Position) -> None:
        stream.require(writing, self.target, position, [table.there for table in self.tables])
        self._permitted(writing)

    def _saved(self, position: Position) -> None:
        self.position = position
        self._saved_at = time.monotonic()

    def _covered(self, found: Sequence[tuple[int, str]]) -> Keys:
        by_number: dict[int, list[str]] = {}
        for number, key in found:
            by_number.setdefault(number, []).append(key)
        covered: Keys = {}
        for table in self.tables:
            if spelled := by_number.get(table.number):
                covered[table.name] = self._application.covered(table, self.position.of(table), spelled)
        return {name: spelled for name, spelled in covered.items() if spelled}

    def _restore_references(self) -> None:
        if self.copied:
            guards.release(self._writing, self.target, guards.REFERENCE)

    def _next_chunk(self) -> Chunk | None:
        for table in self.tables:
            frontier = self.position.of(table)
            if not frontier.complete:
                rest = Chunk(table, frontier.key, None)
                return replace(rest, up_to=bound(self._reading, self.source, rest, self._pace_of(table).rows))
        return None

    def _pace_of(self, table: Table) -> Pace:
        return self._paces[table.name]

    def _purge_at_times(self) -> None:
        if self.purges and time.monotonic() - self._purged_at >= PURGE_SECONDS:
            if stream.make_durable(self._writing, self.target, self.position):
                log.purge(self._reading, self.source, self.position.cursor)
            self._purged_at = time.monotonic()

    def _recover(self) -> None:
        """Leave both connections fit for another step, where they still live."""
        for connection in (self._reading, self._writing):
            with suppress(psycopg.Error):
                connection.rollback()
