"""Both sides hashed as of the same snapshot while writes go on, so that a difference is a fault and never lag.

A step hands over the source's connection while the target equals its snapshot; the target's own snapshot is taken before the
next step. Then both are read at leisure. Ranges that were found equal are remembered on the target, and the step notes
which of them were touched since, so that a later comparison reads only those.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum

from psycopg import sql

from infra.extraction.data import keys, log, stream
from infra.extraction.data.application import Chunk, bound
from infra.extraction.data.connections import Connection, connect, one_row
from infra.extraction.data.copying import default_streams
from infra.extraction.data.errors import LeaseLost
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import Table
from infra.extraction.sides import Side

RANGE_ROWS = 10_000
IDLE_SECONDS = 60  # a comparison that stands still keeps both snapshots no longer
FEW_ROWS = 256  # so many are listed with their hashes instead of being halved again


Pair = tuple[Connection, Connection]


class Fault(StrEnum):
    """What is wrong with a row of the target."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that isn't the same on both sides, named by its key as the log spells it."""

    table: str
    key: str
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was compared, and what was found."""

    differences: tuple[Difference, ...]
    ranges: int
    rows: int  # hashed on the source
    skipped: int  # ranges that were equal before and not touched since
    cursor: str


@dataclass(frozen=True, slots=True)
class _Range:
    number: int  # of its row in `compared`
    chunk: Chunk


def compare(
    applier: Applier,
    *,
    everything: bool = False,
    as_text: bool = False,
    audit: bool = False,
    workers: int | None = None,
    turn: AbstractContextManager[object] | None = None,
) -> Comparison:
    """Step, then compare both sides as of that step. The applier may go on stepping in another thread of its caller.

    Args:
        everything: also ranges that were equal before and not touched since; finds what was written past the stream.
        as_text: hash every value's text instead of the value; sees 1.0 and 1.00 apart in all types, and is slower.
        audit: sha256 of every value's text, for those who must prove equality and not only expect it; slower still.
        workers: ranges are compared side by side by so many; by default one per core, four at most.
        turn: held for the few milliseconds from the step to the target's snapshot, in which nobody else may step.

    Raises:
        LeaseLost: another applier carried something before the target's snapshot was taken.
    """
    _plan(applier)
    with ExitStack() as stack:
        held: list[tuple[Connection, str]] = []
        target = stack.enter_context(connect(applier.target, "comparison", idle_seconds=IDLE_SECONDS))
        notes = stack.enter_context(connect(applier.target, "comparison"))
        run = uuid.uuid4()
        with turn or nullcontext():
            # At once in the stack's care: the step may still fail after it.
            applier.step(handover=lambda connection, at: held.append((stack.enter_context(connection), at)))
            ((source, snapshot),) = held
            ranges, skipped = _checked_out(notes, applier, snapshot, run, everything=everything)
            target.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if stream.read(target, applier.target).cursor != snapshot:
                raise LeaseLost(f"Another applier carried something to {applier.target.name}; compare again.")
        source.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        # What is lost of these notes is compared again.
        notes.execute("SET synchronous_commit = off")
        work = _Work(list(_covered(applier, ranges)), notes, applier.target, run, snapshot)
        sides = (applier.source, applier.target)
        count = max(1, min(workers or default_streams(), len(work.ranges)))
        pairs = [(source, target)]
        if count > 1:
            pairs = [_sharing(stack, sides, (source, target)) for _ in range(count)]
        searches = [_Search(pair, sides, as_text=as_text, audit=audit) for pair in pairs]
        with ThreadPoolExecutor(count, thread_name_prefix="compare") as pool:
            for each in [pool.submit(work.do, search) for search in searches]:
                each.result()
        found = Comparison(
            differences=tuple(work.differences),
            ranges=len(ranges),
            rows=sum(search.rows for search in searches),
            skipped=skipped,
            cursor=snapshot,
        )
        if everything and not found.differences and applier.copied:
            stream.trust(notes, applier.target, applier.position)
        return found


def _sharing(stack: ExitStack, sides: tuple[Side, Side], holders: tuple[Connection, Connection]) -> Pair:
    """Return connections in the very snapshots that two others are in."""
    made = []
    for side, holder in zip(sides, holders, strict=True):
        connection = stack.enter_context(connect(side, "comparison", idle_seconds=IDLE_SECONDS))
        snapshot = one_row(holder.execute("SELECT pg_export_snapshot()").fetchone())[0]
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
        made.append(connection)
    return made[0], made[1]


def repair(applier: Applier, differences: Iterable[Difference]) -> int:
    """Have the rows that differ carried again by the next step; return how many."""
    marked: dict[str, list[str]] = {}
    for difference in differences:
        marked.setdefault(difference.table, []).append(difference.key)
    with connect(applier.source, "repair") as source:
        for table in applier.tables:
            if table.name in marked:
                log.mark(source, applier.source, table.number, marked[table.name])
    return sum(map(len, marked.values()))


class _Work:
    """The ranges of one comparison, which its workers take one after the other."""

    def __init__(self, ranges: Sequence[_Range], notes: Connection, side: Side, run: uuid.UUID, snapshot: str) -> None:
        self.ranges, self._notes, self._side, self._run, self._snapshot = ranges, notes, side, run, snapshot
        self._left = iter(ranges)
        self._taking = threading.Lock()
        self.differences: list[Difference] = []

    def do(self, search: _Search) -> None:
        try:
            while each := self._next():
                differences = list(search.within(each.chunk))
                with self._taking:
                    self.differences += differences
                _check_in(self._notes, self._side, each, self._run, self._snapshot, equal=not differences)
        except BaseException:
            self._left = iter(())  # the others need not go on
            raise

    def _next(self) -> _Range | None:
        with self._taking:
            return next(self._left, None)


class _Search:
    """Looks for rows that differ, from the whole to the half, as long as the hashes do."""

    def __init__(self, connections: Pair, sides: tuple[Side, Side], *, as_text: bool, audit: bool = False) -> None:
        self._both = tuple(zip(connections, sides, (False, True), strict=True))
        self._as_text, self._audit = as_text or audit, audit
        self.rows = 0

    def within(self, chunk: Chunk) -> Iterator[Difference]:
        ours, theirs = (self._digest(*each, chunk) for each in self._both)
        self.rows += ours[0]
        if ours == theirs:
            return
        most = max(ours[0], theirs[0])
        if most <= FEW_ROWS:
            yield from self._row_by_row(chunk)
            return
        connection, side, on_target = self._both[0] if ours[0] >= theirs[0] else self._both[1]
        middle = _key_at(connection, side, chunk.there if on_target else chunk, most // 2)
        if middle is None or middle == chunk.up_to:
            yield from self._row_by_row(chunk)
            return
        yield from self.within(replace(chunk, up_to=middle))
        yield from self.within(replace(chunk, above=middle))

    def _digest(self, connection: Connection, side: Side, on_target: bool, chunk: Chunk) -> tuple[int, str]:
        here = chunk.there if on_target else chunk
        value = row_hash(chunk.table, on_target=on_target, as_text=self._as_text)
        total = sql.SQL("coalesce(sum({}), 0)::text").format(value)
        if self._audit:
            total = sql.SQL("coalesce(encode(sha256(string_agg({}, ''::bytea ORDER BY {})), 'hex'), '')").format(
                row_sha256(chunk.table, on_target=on_target), keys.ordered(here.table, "t")
            )
        query = sql.SQL("SELECT count(*), {} FROM {} t WHERE {}").format(
            total, here.table.on(side.schema), here.rows("t")
        )
        count, digest = one_row(connection.execute(query).fetchone())
        return count, digest

    def _row_by_row(self, chunk: Chunk) -> Iterator[Difference]:
        listed: list[dict[str, object]] = []
        for connection, side, on_target in self._both:
            here = chunk.there if on_target else chunk
            value = row_hash(chunk.table, on_target=on_target, as_text=self._as_text)
            if self._audit:
                value = row_sha256(chunk.table, on_target=on_target)
            query = sql.SQL("SELECT {}, {} FROM {} t WHERE {}").format(
                keys.spelled(here.table, "t"), value, here.table.on(side.schema), here.rows("t")
            )
            listed.append(dict(connection.execute(query).fetchall()))
        ours, theirs = listed
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in theirs:
                yield Difference(chunk.table.name, key, Fault.MISSING)
            elif key not in ours:
                yield Difference(chunk.table.name, key, Fault.EXTRA)
            elif ours[key] != theirs[key]:
                yield Difference(chunk.table.name, key, Fault.DIFFERENT)


def row_hash(table: Table, *, on_target: bool = False, as_text: bool = False) -> sql.Composed:
    """Return the expression of a row's 64-bit hash, which tells NULL from empty and one column from the next."""
    values = table.hashed("t", on_target=on_target, as_text=as_text)
    return sql.SQL("hash_record_extended(ROW({}), 0)").format(values)


def row_sha256(table: Table, *, on_target: bool = False) -> sql.Composed:
    """Return the expression of a row's sha256, over a text that tells NULL from empty and one column from the next."""
    values = table.hashed("t", on_target=on_target, as_text=True)
    return sql.SQL("sha256(convert_to(ROW({})::text, 'UTF8'))").format(values)


def _key_at(connection: Connection, side: Side, chunk: Chunk, place: int) -> str | None:
    return bound(connection, side, chunk, place + 1)


def _compared(side: Side) -> sql.Identifier:
    return sql.Identifier(side.control_schema, "compared")


def _plan(applier: Applier) -> None:
    """Cut tables into ranges where that was not done yet. Bounds are only places to cut; any snapshot serves."""
    with connect(applier.source, "comparison") as source, connect(applier.target, "comparison") as target:
        known = {
            row[0] for row in target.execute(sql.SQL("SELECT DISTINCT tbl FROM {}").format(_compared(applier.target)))
        }
        for table in applier.tables:
            if table.number in known or not applier.position.of(table).complete:
                continue
            bounds = list(_bounds(source, applier.source, table))
            above = [None, *bounds]
            up_to = [*bounds, None]
            target.execute(
                sql.SQL(
                    "INSERT INTO {} (tbl, above, up_to) SELECT %s::smallint, * FROM unnest(%s::text[], %s::text[])"
                ).format(_compared(applier.target)),
                [table.number, above, up_to],
            )


def _bounds(source: Connection, side: Side, table: Table) -> Iterator[str]:
    above: str | None = None
    while (above := _key_at(source, side, Chunk(table, above, None), RANGE_ROWS - 1)) is not None:
        yield above


def _checked_out(
    notes: Connection, applier: Applier, snapshot: str, run: uuid.UUID, *, everything: bool
) -> tuple[list[_Range], int]:
    """Note which ranges are being compared, before another step could touch them unseen."""
    by_number = {table.number: table for table in applier.tables}
    with notes.transaction():
        if stream.read(notes, applier.target, lock=True).cursor != snapshot:
            raise LeaseLost(f"Another applier carried something to {applier.target.name}; compare again.")
        rows = notes.execute(
            sql.SQL(
                "UPDATE {} SET state = 'checking', run = %s WHERE %s OR state <> 'equal' RETURNING id, tbl, above, up_to"
            ).format(_compared(applier.target)),
            [run, everything],
        ).fetchall()
        total = one_row(notes.execute(sql.SQL("SELECT count(*) FROM {}").format(_compared(applier.target))).fetchone())[
            0
        ]
    return [_Range(row[0], Chunk(by_number[row[1]], row[2], row[3])) for row in rows], total - len(rows)


def _covered(applier: Applier, ranges: Sequence[_Range]) -> Iterator[_Range]:
    """Yield the ranges of tables that are copied; while one is copied, nothing can be said of it."""
    return (each for each in ranges if applier.position.of(each.chunk.table).complete)


def _check_in(notes: Connection, side: Side, each: _Range, run: uuid.UUID, snapshot: str, *, equal: bool) -> None:
    notes.execute(
        sql.SQL("UPDATE {} SET state = %s, run = NULL, equal_at = %s WHERE id = %s AND run = %s").format(
            _compared(side)
        ),
        ["equal" if equal else "stale", snapshot, each.number, run],
    )
