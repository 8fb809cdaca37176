"""Capture: every write to the module's tables leaves the keys it touched in a log, in the writer's own transaction.

Triggers per statement with transition tables see bulk statements, raw SQL and cascades alike, and cost once per statement.
An update leaves the new keys. The old ones differ in next to no update, and a condition on each row, which leaves the old key
where it does, costs far less than to keep all old rows and to tell their keys apart. The triggers fire whatever
`session_replication_role` says, and write nothing but (transaction, table, key).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import psycopg
from psycopg import sql

from infra.extraction.data import control, keys
from infra.extraction.data.connections import SERVER_IDENTITY, Connection, one_row
from infra.extraction.data.errors import DataPlaneError, NotPrepared
from infra.extraction.data.tables import Table, carried_tables
from infra.extraction.sides import Side

LOCK_MILLISECONDS = 500  # writers queue behind a trigger that waits for its lock, so it never waits long
ATTEMPTS = 20
# What is looked at, and the rows whose keys it leaves.
_OPERATIONS = {
    "insert": ("AFTER INSERT", "NEW TABLE"),
    "update": ("AFTER UPDATE", "NEW TABLE"),
    "rekey": ("AFTER UPDATE", None),
    "delete": ("AFTER DELETE", "OLD TABLE"),
    "truncate": ("BEFORE TRUNCATE", None),
}


def install(
    connection: Connection, side: Side, names: Iterable[str], *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Have all writes to the tables `names` logged from now on; a repeat completes what is missing.

    The triggers wait out every transaction that had written before, so no change slips by while they are made.

    Raises:
        CannotBeCarried: a table can't be carried; nothing was installed.
        NotPrepared: the side misses a right, or is captured for other tables.
        DataPlaneError: a table stayed locked by others for all attempts; what was installed stays, a repeat goes on.
    """
    tables = carried_tables(connection, side.schema, names)
    control.prepare(connection, side)
    with connection.transaction():
        _remember(connection, side, tables)
    for table in tables:
        if _defects(connection, side, table):
            patiently(connection, table.name, lambda table=table: _install(connection, side, table), pause)  # type: ignore[misc]


def remove(connection: Connection, side: Side, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Take the triggers away again, and what they call; the log goes with `control.discard`. A repeat changes nothing."""
    rows = connection.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE n.nspname = %s AND NOT t.tgisinternal AND p.pronamespace = to_regnamespace(quote_ident(%s))",
        [side.schema, side.control_schema],
    ).fetchall()
    for name in sorted({row[0] for row in rows}):
        triggers = [row[1] for row in rows if row[0] == name]

        def drop(name: str = name, triggers: Sequence[str] = triggers) -> None:
            for trigger in triggers:
                connection.execute(
                    sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(
                        sql.Identifier(trigger), sql.Identifier(side.schema, name)
                    )
                )

        patiently(connection, name, drop, pause)
    for (function,) in connection.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(quote_ident(%s))", [side.control_schema]
    ).fetchall():
        connection.execute(sql.SQL("DROP FUNCTION {}()").format(sql.Identifier(side.control_schema, function)))
    if control.is_prepared(connection, side):
        # Whoever still holds a cursor from before must not go on with it: what happened since was not logged.
        for table in ("capture", "captured", "log"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(side.control_schema, table)))


def claim(connection: Connection, side: Side) -> None:
    """Say that a switch under way needs the capture, also one that was left from before; who clears up sees that.

    Raises:
        NotPrepared: somebody takes it away at this moment. Try again.
    """
    query = sql.SQL("UPDATE {} SET carried_at = clock_timestamp() WHERE carried_at > 'epoch' RETURNING true")
    row = connection.execute(query.format(sql.Identifier(side.control_schema, "capture"))).fetchone()
    if row is None:
        raise NotPrepared(f"On {side.name}, the capture of {side.schema} is just being taken away. Try again.")


def captured_tables(connection: Connection, side: Side, names: Iterable[str]) -> tuple[Table, ...]:
    """Return the tables as the log of `side` numbers them.

    Raises:
        NotPrepared: the capture is missing, incomplete, or made for other tables.
    """
    tables = carried_tables(connection, side.schema, names)
    if not control.is_prepared(connection, side):
        raise NotPrepared(f"{side.name} has no capture for {side.schema}. Install it first.")
    known = {name: number for number, name in _known(connection, side)}
    if known != {table.name: table.number for table in tables}:
        raise NotPrepared(
            f"On {side.name}, the capture of {side.schema} is made for {', '.join(sorted(known)) or 'no table'}"
            f" and not for {', '.join(table.name for table in tables)}, in their present order."
            " Remove the capture, install it again and start the copy afresh."
        )
    defects = [defect for table in tables for defect in _defects(connection, side, table)]
    if defects:
        raise NotPrepared(
            f"On {side.name}, the capture has holes: {'; '.join(defects)}. Writes may have passed unseen."
            " Remove the capture, install it again and start the copy afresh."
        )
    return tables


def _known(connection: Connection, side: Side) -> list[tuple[int, str]]:
    query = sql.SQL("SELECT tbl, name FROM {} ORDER BY tbl").format(sql.Identifier(side.control_schema, "captured"))
    return [(row[0], row[1]) for row in connection.execute(query)]


def _remember(connection: Connection, side: Side, tables: Sequence[Table]) -> None:
    known = _known(connection, side)
    wanted = [(table.number, table.name) for table in tables]
    if known and known != wanted:
        raise NotPrepared(
            f"{side.name} is captured for other tables: {', '.join(name for _, name in known)}."
            " Remove that capture first."
        )
    if not known:
        captured = sql.Identifier(side.control_schema, "captured")
        for number, name in wanted:
            connection.execute(sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(captured), [number, name])
        connection.execute(
            sql.SQL("INSERT INTO {} DEFAULT VALUES ON CONFLICT DO NOTHING").format(
                sql.Identifier(side.control_schema, "capture")
            )
        )


def _install(connection: Connection, side: Side, table: Table) -> None:
    for operation, (event, _) in _OPERATIONS.items():
        function = sql.Identifier(side.control_schema, _function(table, operation))
        trigger = sql.Identifier(_trigger(operation))
        connection.execute(
            sql.SQL("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}").format(
                function, sql.Literal(_body(connection, side, table, operation))
            )
        )
        connection.execute(
            sql.SQL("CREATE OR REPLACE TRIGGER {} {} ON {} {} EXECUTE FUNCTION {}()").format(
                trigger, sql.SQL(event), table.on(side.schema), _fired(table, operation), function
            )
        )
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(table.on(side.schema), trigger))


def _fired(table: Table, operation: str) -> sql.Composed:
    """Return what follows the table in a trigger's definition."""
    if operation == "rekey":
        key = [column.identifier for column in table.key]
        old, new = (
            sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.SQL(row), name) for name in key) for row in ("OLD", "NEW")
        )
        return sql.SQL("FOR EACH ROW WHEN (ROW({}) IS DISTINCT FROM ROW({}))").format(old, new)
    _, rows = _OPERATIONS[operation]
    return sql.SQL(f"REFERENCING {rows} AS rows FOR EACH STATEMENT" if rows else "FOR EACH STATEMENT").format()


def _body(connection: Connection, side: Side, table: Table, operation: str) -> str:
    if operation == "truncate":
        return (
            f"BEGIN RAISE EXCEPTION 'TRUNCATE of {table.name} is refused while the module is on the move: it leaves no"
            " keys behind. Use DELETE.' USING ERRCODE = 'object_not_in_prerequisite_state'; END"
        )
    one_row = operation == "rekey"
    return (
        sql.SQL("BEGIN INSERT INTO {} (tbl, key) SELECT {}, {}{}; RETURN NULL; END")
        .format(
            sql.Identifier(side.control_schema, "log"),
            sql.SQL("{}::smallint").format(sql.Literal(table.number)),
            keys.spelled(table, "old" if one_row else "r"),
            sql.SQL("" if one_row else " FROM rows r"),
        )
        .as_string(connection)
    )


def _defects(connection: Connection, side: Side, table: Table) -> list[str]:
    rows = connection.execute(
        "SELECT t.tgname, t.tgenabled::text, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal",
        [table.on(side.schema).as_string(connection)],
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    defects = []
    for operation in _OPERATIONS:
        enabled, body = found.get(_trigger(operation), (None, None))
        if enabled is None:
            defects.append(f"{table.name} has no trigger for {operation}")
        elif enabled != "A":
            defects.append(f"the trigger for {operation} of {table.name} does not fire always")
        elif body != _body(connection, side, table, operation):
            defects.append(f"the trigger for {operation} of {table.name} logs another key than the table has now")
    return defects


def _trigger(operation: str) -> str:
    return f"banyan_capture_{operation}"


def _function(table: Table, operation: str) -> str:
    return f"capture_{table.number}_{operation}"


def patiently(connection: Connection, name: str, change: Callable[[], None], pause: Callable[[float], None]) -> None:
    """Make a change that needs a table's lock, in short attempts; raises DataPlaneError after the last."""
    for attempt in range(ATTEMPTS):
        try:
            with connection.transaction():
                connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_MILLISECONDS}ms"])
                change()
        except psycopg.errors.LockNotAvailable:
            pause(min(0.1 * 2**attempt, 2.0))
        else:
            return
    raise DataPlaneError(
        f"{name} stayed locked by other transactions in {ATTEMPTS} attempts. End long ones (pg_stat_activity), then repeat."
    )


def identity(connection: Connection, side: Side) -> str:
    """Name the source whose snapshots a cursor of it can be compared with: server, timeline, database, capture.

    After a failover to a server that lagged, or a restore, transaction numbers are used again for other changes.
    """
    return str(one_row(connection.execute(sql.SQL("SELECT {}").format(identity_of(side))).fetchone())[0])


def identity_of(side: Side) -> sql.Composed:
    """Return the expression of a source's identity."""
    return sql.SQL("{} || '/' || (SELECT id FROM {})").format(
        sql.SQL(SERVER_IDENTITY), sql.Identifier(side.control_schema, "capture")
    )
