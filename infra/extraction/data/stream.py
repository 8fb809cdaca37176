"""Where a stream stands, kept on its target: the snapshot that was applied last, how far the copy is, who may apply.

All of it changes in the same transaction as the rows, so a death at any moment repeats a step or finds it done.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from infra.extraction.data import capture, control, guards, log
from infra.extraction.data.connections import (
    APPLYING,
    COPYING,
    SERVER_IDENTITY,
    Connection,
    Row,
    application_name,
    one_row,
)
from infra.extraction.data.errors import LeaseLost, NotPrepared, TargetRefused
from infra.extraction.data.mapping import Mappings, names_there, paired
from infra.extraction.data.tables import Table, carried_tables
from infra.extraction.sides import Side

TAKEOVER_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Frontier:
    """How far one table was copied: keys up to and including `key`, or all that there are and will be."""

    key: str | None = None
    complete: bool = False
    rows: int = 0

    @property
    def begun(self) -> bool:
        return self.complete or self.key is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What the target holds: the source as the snapshot `cursor` sees it, up to the frontier of each table."""

    cursor: str
    source: str
    lease: int
    frontiers: Mapping[str, Frontier] = field(default_factory=dict)
    target: str = ""
    consistent: bool = True  # False while a long backlog is applied in several transactions
    suspect: bool = False  # a server was set back; until everything was compared and repaired, nothing is certain
    paused: str = ""  # why somebody stopped the first copy; changes are carried all the same
    slowed_by: str = ""  # what the first copy makes way for
    rows_carried: int = 0
    steps: int = 0

    def of(self, table: Table) -> Frontier:
        return self.frontiers.get(table.name, Frontier())

    def complete(self, tables: Sequence[Table]) -> bool:
        return all(self.of(table).complete for table in tables)

    def with_frontier(self, table: Table, frontier: Frontier) -> Position:
        return replace(self, frontiers={**self.frontiers, table.name: frontier})


def begin(
    source: Connection,
    target: Connection,
    sides: tuple[Side, Side],
    names: Sequence[str],
    *,
    covered: bool = False,
    mappings: Mappings | None = None,
    way_back_waived: bool = False,
) -> bool:
    """Set up the stream from the first of `sides` to the second, and return False when it stood there already.

    Without `covered` the target's tables are emptied: whatever migrations put there comes again from the source. With it the
    target holds everything that the source holds now, and only what happens from now on is carried. That is how a reverse
    stream begins, while nobody may write to either side.

    Args:
        mappings: what differs between the two sides' tables, as seen from the source.
        way_back_waived: a mapping may lose something, as nobody will switch back.

    Raises:
        NotPrepared: the source has no complete capture, or the target misses rights.
        CannotBeCarried: the tables differ in shape between the sides and no mapping says how, or a mapping would lose
            something; every reason is named.
        TargetRefused: the target's rows may not be thrown away, because it is in use.
    """
    here, there = sides
    tables = capture.captured_tables(source, here, names)
    twins = carried_tables(target, there.schema, names_there(names, mappings or {}))
    paired(tables, twins, mappings or {}, way_back_waived=way_back_waived)
    control.prepare(target, there)
    stream = sql.Identifier(there.control_schema, "stream")
    identity = capture.identity(source, here)
    own = identity_of(target)
    known = target.execute(sql.SQL("SELECT source FROM {}").format(stream)).fetchone()
    if known and known[0] == identity and not covered:
        return False
    if not covered:
        _require_expendable(target, there, twins)
    guards.hold(target, there, twins, references=not covered)
    cursor = one_row(source.execute("SELECT pg_current_snapshot()::text").fetchone())[0]
    frontier = {table.name: {"complete": covered} for table in tables}
    with target.transaction():
        target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(there.control_schema, "compared")))
        if not covered:
            every = sql.SQL(", ").join(twin.on(there.schema) for twin in twins)
            target.execute(sql.SQL("TRUNCATE {}").format(every))
        target.execute(
            sql.SQL(
                "INSERT INTO {} AS s (cursor, source, target, frontier) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (only_one) DO UPDATE SET cursor = excluded.cursor, source = excluded.source,"
                " target = excluded.target, frontier = excluded.frontier, rows_carried = 0, steps = 0,"
                " lease = s.lease + 1, consistent = true, suspect = false, paused = '', slowed_by = '',"
                " position_at = now()"
            ).format(stream),
            [cursor, identity, own, Jsonb(frontier)],
        )
    _forget_what_was_carried(source, here)
    return True


def identity_of(target: Connection) -> str:
    """Name the server, timeline and database of a target."""
    return str(one_row(target.execute(sql.SQL("SELECT {}").format(sql.SQL(SERVER_IDENTITY))).fetchone())[0])


def readmit(source: Connection, target: Connection, sides: tuple[Side, Side]) -> None:
    """Have the stream go on after one of its servers was replaced or set back: the way out that needs no new copy.

    Whatever the target holds is suspect from now on, until a comparison of everything, with repair, has found both sides
    equal (`comparison.compare`). The cursor begins at the source's present snapshot where the old one means nothing there.
    """
    here, there = sides
    identity = capture.identity(source, here)
    position = read(target, there)
    cursor = position.cursor
    if position.source != identity or log.went_back(source, here, cursor)[0]:
        cursor = one_row(source.execute("SELECT pg_current_snapshot()::text").fetchone())[0]
    with target.transaction():
        target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(there.control_schema, "compared")))
        target.execute(
            sql.SQL("UPDATE {} SET cursor = %s, source = %s, target = %s, lease = lease + 1, suspect = true").format(
                sql.Identifier(there.control_schema, "stream")
            ),
            [cursor, identity, identity_of(target)],
        )
    _forget_what_was_carried(source, here)


def _forget_what_was_carried(source: Connection, side: Side) -> None:
    source.execute(sql.SQL("UPDATE {} SET carried = NULL").format(sql.Identifier(side.control_schema, "capture")))


def trust(target: Connection, side: Side, position: Position) -> None:
    """Take the target as good again: everything was compared, and equal, while the stream was held as `position` says."""
    target.execute(
        sql.SQL("UPDATE {} SET suspect = false WHERE lease = %s").format(sql.Identifier(side.control_schema, "stream")),
        [position.lease],
    )


def pause(target: Connection, side: Side, why: str) -> None:
    """Have the first copy stop, and say why; the applier sees it within a second or so. Changes are carried all the same."""
    target.execute(
        sql.SQL("UPDATE {} SET paused = %s").format(sql.Identifier(side.control_schema, "stream")), [why or "paused"]
    )


def resume(target: Connection, side: Side) -> None:
    """Have the first copy go on; a repeat changes nothing."""
    target.execute(sql.SQL("UPDATE {} SET paused = ''").format(sql.Identifier(side.control_schema, "stream")))


def _require_expendable(target: Connection, side: Side, tables: Sequence[Table]) -> None:
    require_closed(target, side, tables)
    captured = target.execute(
        sql.SQL("SELECT FROM {}").format(sql.Identifier(side.control_schema, "capture"))
    ).fetchone()
    if captured is not None:
        raise TargetRefused(
            f"{side.name} is the source of a stream itself, so its rows are not emptied for another. If they are to be"
            " replaced, remove its capture first."
        )


def require_closed(target: Connection, side: Side, tables: Sequence[Table]) -> None:
    """Make sure that the application of `side` may not write there: what it wrote would be overwritten.

    Raises:
        TargetRefused: it may.
    """
    row = target.execute(sql.SQL("SELECT {}").format(_writable(side, tables))).fetchone()
    _refuse(side, one_row(row)[0])


def _writable(side: Side, tables: Sequence[Table]) -> sql.Composed:
    """Return the expression of a table that the application may write to, NULL when there is none."""
    names = [table.on(side.schema).as_string(None) for table in tables]
    return sql.SQL(
        "(SELECT t FROM unnest({}::text[]) t WHERE has_table_privilege({}, t::regclass, 'INSERT, UPDATE, DELETE') LIMIT 1)"
    ).format(sql.Literal(names), sql.Literal(side.application_role))


def _refuse(side: Side, writable: str | None) -> None:
    if writable:
        raise TargetRefused(
            f"The role {side.application_role} may write to {writable} on {side.name}, so this side owns the rows and"
            " nothing is carried to it. Close it first, or carry in the other direction."
        )


def end(target: Connection, side: Side) -> None:
    """Forget the stream into `side`, so that nothing is applied to it any more; what it carried stays."""
    if control.is_prepared(target, side):
        target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(side.control_schema, "stream")))


def take_over(target: Connection, side: Side) -> Position:
    """Become the only applier of the stream into `side`; whoever was it before can commit nothing any more.

    A predecessor that stands still in the middle of its step is disconnected.
    """
    holder = Jsonb({"pid": target.info.backend_pid, "host": socket.gethostname(), "process": os.getpid()})
    statement = sql.SQL("UPDATE {} SET lease = lease + 1, holder = %s").format(
        sql.Identifier(side.control_schema, "stream")
    )
    for last in (False, False, True):
        try:
            with target.transaction():
                target.execute("SELECT set_config('lock_timeout', %s, true)", [f"{TAKEOVER_MILLISECONDS}ms"])
                target.execute(statement, [holder])
        except psycopg.errors.LockNotAvailable:
            if last:
                raise
            _disconnect_predecessor(target, side)
        else:
            break
    # Workers of its first copy commit nothing any more, but rows that they wrote and did not commit would be waited for.
    target.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database()"
        " AND application_name = %s",
        [application_name(side, COPYING)],
    )
    return read(target, side)


def _disconnect_predecessor(target: Connection, side: Side) -> None:
    """End who may hold the stream's lock and stands still: who carries, a worker of its, or who was taking over."""
    target.execute(
        sql.SQL(
            "SELECT pg_terminate_backend(a.pid) FROM {} s, pg_stat_activity a"
            " WHERE a.usename = current_user AND a.datname = current_database() AND a.pid <> pg_backend_pid()"
            " AND (a.application_name = {copying} OR a.application_name = {applier} AND (a.pid = (s.holder ->> 'pid')::int"
            " OR a.state = 'idle in transaction' AND a.state_change < now() - make_interval(secs => {still})))"
        ).format(
            sql.Identifier(side.control_schema, "stream"),
            copying=application_name(side, COPYING),
            applier=application_name(side, APPLYING),
            still=TAKEOVER_MILLISECONDS / 1000,
        )
    )


def read(target: Connection, side: Side, *, lock: bool = False) -> Position:
    """Return where the stream into `side` stands; with `lock` nobody else applies until this transaction ends.

    Raises:
        NotPrepared: there is no stream into this side.
    """
    return _position(side, target.execute(_standing(side, sql.SQL("NULL"), lock=lock)).fetchone())


def _standing(side: Side, more: sql.Composable, *, lock: bool) -> sql.Composed:
    return sql.SQL(
        "SELECT cursor::text, source, lease, frontier, consistent, rows_carried, steps, target, suspect, paused, slowed_by, {}"
        " FROM {} {}"
    ).format(more, sql.Identifier(side.control_schema, "stream"), sql.SQL("FOR UPDATE" if lock else ""))


def _position(side: Side, row: Row | None) -> Position:
    if row is None:
        raise NotPrepared(f"No stream leads to {side.name} for {side.schema}. Begin one first.")
    frontiers = {name: Frontier(**value) for name, value in row[3].items()}
    return Position(
        cursor=row[0],
        source=row[1],
        lease=row[2],
        frontiers=frontiers,
        consistent=row[4],
        rows_carried=row[5],
        steps=row[6],
        target=row[7],
        suspect=row[8],
        paused=row[9],
        slowed_by=row[10],
    )


def require(target: Connection, side: Side, mine: Position, tables: Sequence[Table]) -> None:
    """Lock the stream for this transaction, if it still stands where `mine` says, is held by it, and `side` is closed.

    Foreign keys are checked at the end of the transaction, where they can be. All is one message: somebody may be waiting.

    Raises:
        LeaseLost: another applier took over, or carried something since.
        TargetRefused: the application may write to one of `tables`.
    """
    query = _standing(side, _writable(side, tables), lock=True)
    cursor = target.execute(sql.SQL("SET CONSTRAINTS ALL DEFERRED; {}").format(query))
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    found = _position(side, row)
    if (found.lease, found.cursor, found.steps) != (mine.lease, mine.cursor, mine.steps):
        raise LeaseLost(
            f"Another applier carries {side.schema} to {side.name} (lease {found.lease}, here {mine.lease})."
            " This one ends; its last step was not kept."
        )
    _refuse(side, one_row(row)[11])


def make_durable(target: Connection, side: Side, position: Position) -> bool:
    """Have a crash of the target go back to `position` at most; return False when another applier took over."""
    with target.transaction():
        target.execute("SET LOCAL synchronous_commit = on")
        return bool(
            target.execute(
                sql.SQL("UPDATE {} SET position_at = position_at WHERE lease = %s AND steps = %s").format(
                    sql.Identifier(side.control_schema, "stream")
                ),
                [position.lease, position.steps],
            ).rowcount
        )


def save(target: Connection, side: Side, position: Position) -> None:
    """Write where the stream stands, within the transaction that applied it."""
    frontier: dict[str, Any] = {
        name: {"key": f.key, "complete": f.complete, "rows": f.rows} for name, f in position.frontiers.items()
    }
    target.execute(
        sql.SQL(
            "UPDATE {} SET cursor = %s, frontier = %s, consistent = %s, rows_carried = %s, steps = %s, slowed_by = %s,"
            " position_at = now()"
        ).format(sql.Identifier(side.control_schema, "stream")),
        [
            position.cursor,
            Jsonb(frontier),
            position.consistent,
            position.rows_carried,
            position.steps,
            position.slowed_by,
        ],
    )
