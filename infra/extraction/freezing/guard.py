"""The freeze in the database itself, by the means of an owner: an event trigger would need a superuser.

Creating tables and indexes needs a right that the owner takes from itself; every other migration fails when it is noted in the
history, in its own transaction, and is rolled back with it. Who owns the schema can undo both by hand, and a migration outside
of a transaction can change columns before it fails; the comparison of the sides' shapes sees that.
"""

from __future__ import annotations

from psycopg import sql

from infra.extraction.data.connections import Connection
from infra.extraction.sides import Side

HISTORY = "django_migrations"
FUNCTION = "banyan_refuse_migrations"
TRIGGER = "banyan_freeze"


def freeze(connection: Connection, side: Side) -> None:
    """Refuse migrations on one side from now on; a repeat changes nothing. Where no migration ever ran, nothing happens."""
    schema = sql.Identifier(side.schema)
    history = sql.Identifier(side.schema, HISTORY)
    with connection.transaction():
        if not _exists(connection, side):
            return
        if not is_frozen(connection, side):
            body = (
                f"BEGIN RAISE EXCEPTION 'The module of schema {side.schema} is on the move: no migration is applied to it"
                " before that is over' USING ERRCODE = 'object_not_in_prerequisite_state'; END"
            )
            connection.execute(
                sql.SQL("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}").format(
                    sql.Identifier(side.schema, FUNCTION), sql.Literal(body)
                )
            )
            connection.execute(
                sql.SQL(
                    "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION {}()"
                ).format(sql.Identifier(TRIGGER), history, sql.Identifier(side.schema, FUNCTION))
            )
            connection.execute(
                sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(history, sql.Identifier(TRIGGER))
            )
        connection.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM CURRENT_USER").format(schema))


def thaw(connection: Connection, side: Side) -> None:
    """Let migrations through again; a repeat changes nothing."""
    with connection.transaction():
        connection.execute(sql.SQL("GRANT CREATE ON SCHEMA {} TO CURRENT_USER").format(sql.Identifier(side.schema)))
        if _exists(connection, side):
            connection.execute(
                sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(
                    sql.Identifier(TRIGGER), sql.Identifier(side.schema, HISTORY)
                )
            )
        connection.execute(sql.SQL("DROP FUNCTION IF EXISTS {}()").format(sql.Identifier(side.schema, FUNCTION)))


def is_frozen(connection: Connection, side: Side) -> bool:
    """Return whether the history of this side accepts no migration."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s AND t.tgname = %s AND t.tgenabled = 'A')",
        [side.schema, HISTORY, TRIGGER],
    ).fetchone()
    return bool(row and row[0])


def _exists(connection: Connection, side: Side) -> bool:
    name = sql.Identifier(side.schema, HISTORY).as_string(connection)
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return bool(row and row[0])
