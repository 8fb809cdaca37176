"""The gate of a side: one row that says what the side is, and the application role's right to write, changed together."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch.errors import NoFence, NotPossible, Refused
from infra.extraction.switch.transitions import Privilege, Row, State, Transition, epoch_after

_MOVED, _NO_FENCE = "banyan: the gate moved", "banyan: no fence: "  # what the statements below raise
Connection = psycopg.Connection[tuple[Any, ...]]

WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_OBJECTS = """
CREATE TABLE IF NOT EXISTS {schema}.gate (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    state text NOT NULL CHECK (state IN ('primary', 'standby', 'ready', 'given')),
    epoch bigint NOT NULL CHECK (epoch > 0),
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    changed_by text NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}.gate_privileges (tbl name NOT NULL, privilege text NOT NULL, col name);
GRANT USAGE ON SCHEMA {schema} TO {application};
GRANT SELECT ON {schema}.gate TO {application};
"""
# What the role was granted itself, by table and by column; PUBLIC and memberships are looked for after the fence.
_GRANTED = """
SELECT c.relname, a.privilege_type, NULL::name FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.relnamespace = {schema}::regnamespace AND c.relkind IN ('r', 'p')
   AND a.grantee = {role}::regrole AND a.privilege_type = ANY({writes})
UNION ALL
SELECT c.relname, a.privilege_type, t.attname
  FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
 WHERE c.relnamespace = {schema}::regnamespace AND c.relkind IN ('r', 'p')
   AND a.grantee = {role}::regrole AND a.privilege_type = ANY({writes})
"""
_STILL_WRITABLE = """
SELECT r.rolname, c.relname FROM pg_class c, pg_roles r
 WHERE c.relnamespace = {schema}::regnamespace AND c.relkind IN ('r', 'p') AND r.rolcanlogin AND NOT r.rolsuper
   AND r.oid <> c.relowner AND ({only}::name IS NULL OR r.rolname = {only}::name)
   AND (r.rolname = {name}::name OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))
   AND (has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))
 ORDER BY 1, 2 LIMIT 5
"""
_GRANTS = """
SELECT string_agg(format('GRANT %s ON %I.%I TO %I', privileges, {schema_name}::text, tbl, {name}::text), '; ') FROM (
  SELECT tbl, string_agg(privilege || CASE WHEN col IS NULL THEN '' ELSE format(' (%I)', col) END, ', ') AS privileges
    FROM {table} GROUP BY tbl ORDER BY tbl) AS by_table
"""


def install(connection: Connection, side: Side, state: State, *, epoch: int = 1, by: str = "installation") -> Row:
    """Make the gate of a side and return what it says; one that stands is left as it is.

    A side that begins as standby is closed to the application role in the same transaction.

    Raises:
        NotPossible: the application role owns the tables, or there is no control schema and the owner may not make one.
        NoFence: closed, the side would still be writable.
    """
    schema = sql.Identifier(side.control_schema)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [side.control_schema])
        _require_separate_roles(connection, side)
        exists = connection.execute("SELECT to_regnamespace(quote_ident(%s))", [side.control_schema]).fetchone()
        if exists == (None,):
            try:
                with connection.transaction():
                    connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
            except psycopg.errors.InsufficientPrivilege as error:
                raise NotPossible(
                    f"{side.name} has no schema {side.control_schema}, and its owner role may not create one."
                    " Have an administrator create it for that role, then begin again."
                ) from error
        connection.execute(sql.SQL(_OBJECTS).format(schema=schema, application=sql.Identifier(side.application_role)))
        made = connection.execute(
            sql.SQL(
                "INSERT INTO {}.gate (state, epoch, changed_by) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1"
            ).format(schema),
            [state.value, epoch, by],
        ).fetchone()
        if made and state is not State.PRIMARY:
            _run(connection, side, _revocation(side))
        return read(connection, side)


def uninstall(connection: Connection, side: Side, *, writable: bool) -> None:
    """Take the gate away; `writable` says whether the application role gets back what it had."""
    schema = sql.Identifier(side.control_schema)
    with connection.transaction():
        if writable:
            _run(connection, side, _grants(side))
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {0}.gate, {0}.gate_privileges").format(schema))


def read(connection: Connection, side: Side, *, hold: bool = False) -> Row:
    """Return what the gate says; with `hold` it stays so until the caller's transaction ends."""
    query = sql.SQL("SELECT state, epoch FROM {}.gate {}").format(
        sql.Identifier(side.control_schema), sql.SQL("FOR SHARE" if hold else "")
    )
    row = connection.execute(query).fetchone()
    if row is None:
        raise NotPossible(f"{side.name} has no gate in {side.control_schema}. Install it before switching.")
    return Row(State(row[0]), int(row[1]))


def apply(
    connection: Connection,
    side: Side,
    transition: Transition,
    expected: Row,
    other: Row,
    *,
    by: str,
    commit: bool = False,
) -> Row:
    """Make one declared transition, and return what the gate says then.

    It is one statement, so that it costs one round trip; in autocommit it is a transaction of its own.

    Args:
        expected: what the gate must say now.
        other: what the other side's gate says, for transitions that take its epoch.
        commit: also end the caller's transaction, in the same message.

    Raises:
        Refused: the gate says something else. Nothing was changed.
        NoFence: the role could still write after its privileges were revoked. Nothing was changed.
    """
    if expected.state not in transition.before:
        raise Refused(f"{transition.name} begins at {' or '.join(transition.before)}, not at {expected.state.value}.")
    after = Row(transition.after, epoch_after(transition, expected, other))
    try:
        _run(
            connection,
            side,
            *_compare_and_set(side, expected, after, by),
            *_privileges(side, transition.privilege),
            commit=commit,
        )
    except _Moved as error:
        raise Refused(
            f"The gate of {side.name} is no longer {expected.state.value} at epoch {expected.epoch}: another coordinator"
            f" or a recovery was here. {transition.name} was not made."
        ) from error
    return after


class _Moved(Exception):
    """The gate says something else than was compared."""


def _run(connection: Connection, side: Side, *parts: sql.Composable, commit: bool = False) -> None:
    """Run PL/pgSQL statements as one, all or none of them."""
    block = sql.SQL("DECLARE found_role name; found_table name; kept text; BEGIN {} END").format(
        sql.SQL(" ").join(parts)
    )
    message = sql.SQL("DO {}{}").format(sql.Literal(block.as_string(connection)), sql.SQL("; COMMIT" if commit else ""))
    try:
        connection.execute(message)
    except psycopg.errors.RaiseException as error:
        told = error.diag.message_primary or ""
        if told == _MOVED:
            raise _Moved from error
        if not told.startswith(_NO_FENCE):
            raise
        role, table = told.removeprefix(_NO_FENCE).split(" ", 1)
        raise NoFence(
            f"On {side.name} the role {role} may write {side.schema}.{table} in spite of the fence: by PUBLIC, by a"
            " membership, or by a grant of its own. Revoke that, then switch again. Nothing was changed."
        ) from error


def _compare_and_set(side: Side, expected: Row, after: Row, by: str) -> tuple[sql.Composable, ...]:
    update = sql.SQL(
        "UPDATE {}.gate SET state = {}, epoch = {}, changed_at = clock_timestamp(), changed_by = {}"
        " WHERE state = {} AND epoch = {};"
    ).format(
        sql.Identifier(side.control_schema),
        after.state.value,
        after.epoch,
        by,
        expected.state.value,
        expected.epoch,
    )
    return update, sql.SQL("IF NOT FOUND THEN RAISE EXCEPTION {}; END IF;").format(_MOVED)


def _privileges(side: Side, change: Privilege) -> tuple[sql.Composable, ...]:
    if change is Privilege.REVOKE:
        return (_revocation(side),)
    return (_grants(side),) if change is Privilege.GRANT else ()


def may_write(connection: Connection, side: Side) -> bool:
    """Return whether the application role holds the right to write on any table of the module."""
    query = sql.SQL(_GRANTED + " LIMIT 1").format(**_literals(side))
    return connection.execute(query).fetchone() is not None


def others_who_write(connection: Connection, side: Side) -> tuple[tuple[str, str], ...]:
    """Return roles besides the application's, the owner's and superusers, with a table that they may write."""
    found = connection.execute(sql.SQL(_STILL_WRITABLE).format(**_literals(side))).fetchall()
    return tuple((str(role), str(table)) for role, table in found if role != side.application_role)


def writers_inside(connection: Connection, side: Side) -> tuple[int | None, ...]:
    """Return the backends that hold the lock of a writer on a table of the module; None for a prepared transaction."""
    query = sql.SQL(
        "SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
        " WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND c.relnamespace = {schema}::regnamespace AND c.relkind IN ('r', 'p') AND l.mode = 'RowExclusiveLock'"
        " AND l.pid IS DISTINCT FROM pg_backend_pid()"
    ).format(**_literals(side))
    return tuple(row[0] for row in connection.execute(query).fetchall())


def _require_separate_roles(connection: Connection, side: Side) -> None:
    if connection.execute("SELECT pg_has_role(%s, current_user, 'USAGE')", [side.application_role]).fetchone() == (
        True,
    ):
        raise NotPossible(
            f"On {side.name} the application logs in as {side.application_role}, which has the rights of the tables' owner;"
            " no fence can hold an owner. Serve with a role of its own (infra/databases/roles.py), then begin again."
        )


def _revocation(side: Side) -> sql.Composed:
    """PL/pgSQL: note what the role was granted, take it, and make sure that nothing else lets it write."""
    kept, names = sql.Identifier(side.control_schema, "gate_privileges"), _literals(side)
    leak = sql.SQL(_STILL_WRITABLE).format(**{**names, "only": sql.Literal(side.application_role)})
    return sql.SQL(
        "DELETE FROM {kept}; INSERT INTO {kept} {granted};"
        " REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA {schema} FROM {role};"
        " SELECT * INTO found_role, found_table FROM ({leak}) AS leak;"
        " IF FOUND THEN RAISE EXCEPTION '{no_fence}% %', found_role, found_table; END IF;"
    ).format(
        kept=kept,
        granted=sql.SQL(_GRANTED).format(**names),
        schema=sql.Identifier(side.schema),
        role=sql.Identifier(side.application_role),
        leak=leak,
        no_fence=sql.SQL(_NO_FENCE),
    )


def _grants(side: Side) -> sql.Composed:
    """PL/pgSQL: give the role what was noted."""
    query = sql.SQL(_GRANTS).format(**_literals(side), table=sql.Identifier(side.control_schema, "gate_privileges"))
    return sql.SQL("{} INTO kept; IF kept IS NOT NULL THEN EXECUTE kept; END IF;").format(query)


def _literals(side: Side) -> dict[str, sql.Composable]:
    return {
        "schema": sql.Literal(f'"{side.schema}"'),
        "schema_name": sql.Literal(side.schema),
        "role": sql.Literal(f'"{side.application_role}"'),
        "name": sql.Literal(side.application_role),
        "only": sql.SQL("NULL"),
        "writes": sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(map(sql.Literal, WRITES))),
    }
