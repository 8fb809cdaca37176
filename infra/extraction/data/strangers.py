"""A side that follows refuses writes of everybody who does not carry, its owner and superusers included.

The fence takes the application's right to write; it can't hold the owner. These triggers do, against a person at a prompt or a
script with the wrong login, as long as the gate does not say that the side is primary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import sleep

from psycopg import sql

from infra.extraction.data import capture
from infra.extraction.data.connections import Connection
from infra.extraction.sides import Side

TRIGGER = "banyan_only_carried"
_FUNCTION = "only_carried"
_BODY = """
BEGIN
    IF NOT EXISTS (SELECT FROM {gate} WHERE state = 'primary') THEN
        RAISE EXCEPTION 'this side of % follows the other: a row written here would be lost', {schema}
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Write on the side that is primary (manage.py extract MODULE status).';
    END IF;
    RETURN NULL;
END
"""
_PRESENT = """
SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND t.tgname = %s AND NOT t.tgisinternal ORDER BY 1
"""


def keep_out(
    connection: Connection, side: Side, names: Iterable[str], *, pause: Callable[[float], None] = sleep
) -> None:
    """Refuse writes on these tables to all who do not carry, unless the gate says primary; a repeat changes nothing."""
    present = _tables_with_it(connection, side)
    missing = [name for name in names if name not in present]
    if not missing:
        return
    function = sql.Identifier(side.control_schema, _FUNCTION)
    body = sql.SQL(_BODY).format(gate=sql.Identifier(side.control_schema, "gate"), schema=sql.Literal(side.schema))
    connection.execute(
        sql.SQL("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}").format(
            function, sql.Literal(body.as_string(connection))
        )
    )
    for name in missing:
        table = sql.Identifier(side.schema, name)

        def create(table: sql.Identifier = table) -> None:
            connection.execute(
                sql.SQL(
                    "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {} FOR EACH STATEMENT"
                    " WHEN (current_setting('banyan.carries', true) IS DISTINCT FROM 'yes') EXECUTE FUNCTION {}()"
                ).format(sql.Identifier(TRIGGER), table, function)
            )
            connection.execute(
                sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(table, sql.Identifier(TRIGGER))
            )

        capture.patiently(connection, name, create, pause)


def let_in(connection: Connection, side: Side, *, pause: Callable[[float], None] = sleep) -> None:
    """Take the triggers away again; a repeat changes nothing."""
    for name in _tables_with_it(connection, side):

        def drop(name: str = name) -> None:
            connection.execute(
                sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(
                    sql.Identifier(TRIGGER), sql.Identifier(side.schema, name)
                )
            )

        capture.patiently(connection, name, drop, pause)
    connection.execute(sql.SQL("DROP FUNCTION IF EXISTS {}()").format(sql.Identifier(side.control_schema, _FUNCTION)))


def _tables_with_it(connection: Connection, side: Side) -> list[str]:
    return [str(row[0]) for row in connection.execute(_PRESENT, [side.schema, TRIGGER]).fetchall()]
