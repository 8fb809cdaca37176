"""Both sides hashed as of the same snapshot while writes go on, so that a difference is a fault and never lag.

A step hands over the source's connection while the target equals its snapshot; the target's own snapshot is taken before the
next step. Then both are read at leisure. Ranges that were found equal are remembered on the target, and the step notes
which of them were touched since, so that a later comparison reads only those.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from enum import StrEnum

from psycopg import sql

from infra.extraction.data import keys, log, stream
from infra.extraction.data.application import Chunk
from infra.extraction.data.connections import Connection, connect, one_row
from infra.extraction.data.errors import LeaseLost
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import Table
from infra.extraction.sides import Side

RANGE_ROWS = 10_000
FEW_ROWS = 256  # so many are listed with their hashes instead of being halved again


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
    turn: AbstractContextManager[object] | None = None,
) -> Comparison:
    """Step, then compare both sides as of that step. The applier may go on stepping in another thread of its caller.

    Args:
        everything: also ranges that were equal before and not touched since; finds what was written past the stream.
        as_text: hash every value's text instead of the value; sees 1.0 and 1.00 apart in all types, and is slower.
        turn: held for the few milliseconds from the step to the target's snapshot, in which nobody else may step.

    Raises:
        LeaseLost: another applier carried something before the target's snapshot was taken.
    """
    _plan(applier)
    with ExitStack() as stack:
        held: list[tuple[Connection, str]] = []
        target = stack.enter_context(connect(applier.target, "comparison", idle_seconds=60))
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
        source.execute("SET idle_in_transaction_session_timeout = '60s'")
        search = _Search((source, target), (applier.source, applier.target), as_text=as_text)
        found = []
        for each in _covered(applier, ranges):
            differences = list(search.within(each.chunk))
            found += differences
            _check_in(notes, applier.target, each, run, snapshot, equal=not differences)
        target.execute("COMMIT")
        return Comparison(
            differences=tuple(found), ranges=len(ranges), rows=search.rows, skipped=skipped, cursor=snapshot
        )


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


class _Search:
    """Looks for rows that differ, from the whole to the half, as long as the hashes do."""

    def __init__(self, connections: tuple[Connection, Connection], sides: tuple[Side, Side], *, as_text: bool) -> None:
        self._both = tuple(zip(connections, sides, strict=True))
        self._as_text = as_text
        self.rows = 0

    def within(self, chunk: Chunk) -> Iterator[Difference]:
        ours, theirs = (self._digest(*side, chunk) for side in self._both)
        self.rows += ours[0]
        if ours == theirs:
            return
        most = max(ours[0], theirs[0])
        if most <= FEW_ROWS:
            yield from self._row_by_row(chunk)
            return
        connection, side = self._both[0] if ours[0] >= theirs[0] else self._both[1]
        middle = _key_at(connection, side, chunk, most // 2)
        if middle is None or middle == chunk.up_to:
            yield from self._row_by_row(chunk)
            return
        yield from self.within(Chunk(chunk.table, chunk.above, middle))
        yield from self.within(Chunk(chunk.table, middle, chunk.up_to))

    def _digest(self, connection: Connection, side: Side, chunk: Chunk) -> tuple[int, str]:
        query = sql.SQL("SELECT count(*), coalesce(sum({}), 0)::text FROM {} t WHERE {}").format(
            row_hash(chunk.table, as_text=self._as_text), chunk.table.on(side.schema), chunk.rows("t")
        )
        count, total = one_row(connection.execute(query).fetchone())
        return count, total

    def _row_by_row(self, chunk: Chunk) -> Iterator[Difference]:
        query = "SELECT {}, {} FROM {} t WHERE {}"
        listed: list[dict[str, int]] = [
            dict(
                connection.execute(
                    sql.SQL(query).format(
                        keys.spelled(chunk.table, "t"),
                        row_hash(chunk.table, as_text=self._as_text),
                        chunk.table.on(side.schema),
                        chunk.rows("t"),
                    )
                ).fetchall()
            )
            for connection, side in self._both
        ]
        ours, theirs = listed
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in theirs:
                yield Difference(chunk.table.name, key, Fault.MISSING)
            elif key not in ours:
                yield Difference(chunk.table.name, key, Fault.EXTRA)
            elif ours[key] != theirs[key]:
                yield Difference(chunk.table.name, key, Fault.DIFFERENT)


def row_hash(table: Table, *, as_text: bool = False) -> sql.Composed:
    """Return the expression of a row's 64-bit hash, which tells NULL from empty and one column from the next."""
    # In one order of names on both sides, whatever the order of columns.
    columns = sorted(table.columns, key=lambda column: column.name)
    values = sql.SQL(", ").join(column.hashed("t", as_text=as_text) for column in columns)
    return sql.SQL("hash_record_extended(ROW({}), 0)").format(values)


def _key_at(connection: Connection, side: Side, chunk: Chunk, place: int) -> str | None:
    query = sql.SQL("SELECT {} FROM {} t WHERE {} ORDER BY {} OFFSET {} LIMIT 1").format(
        keys.spelled(chunk.table, "t"),
        chunk.table.on(side.schema),
        chunk.rows("t"),
        keys.ordered(chunk.table, "t"),
        sql.Literal(place),
    )
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else None


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
