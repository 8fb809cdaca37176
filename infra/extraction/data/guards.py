"""What the target's own rules must not do while rows are applied: triggers that refuse or write, and self-references.

A row that the source accepted is not judged again. Triggers stay off until the side opens; foreign keys of a table to itself
only until the first copy is through, as a row may refer to one that is copied later. All others hold all the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.data.tables import Table
from infra.extraction.sides import Side

TRIGGER, REFERENCE = "trigger", "reference"


def hold(connection: Connection, side: Side, tables: Sequence[Table], *, references: bool) -> None:
    """Switch off what would disturb, and note how to switch it on again; a repeat changes nothing.

    Args:
        references: also drop self-references, for the time of the first copy.
    """
    for table in tables:
        with connection.transaction():
            for name, mode in connection.execute(
                "SELECT t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
                " AND p.pronamespace <> to_regnamespace(quote_ident(%s))",
                [table.on(side.schema).as_string(connection), side.control_schema],
            ).fetchall():
                _note(
                    connection,
                    side,
                    table,
                    TRIGGER,
                    name,
                    sql.SQL("ALTER TABLE {} ENABLE {}TRIGGER {}").format(
                        table.on(side.schema), sql.SQL("ALWAYS " if mode == "A" else ""), sql.Identifier(name)
                    ),
                )
                connection.execute(
                    sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(table.on(side.schema), sql.Identifier(name))
                )
            for reference in table.references if references else ():
                if reference.to == table.name:
                    _note(
                        connection,
                        side,
                        table,
                        REFERENCE,
                        reference.constraint,
                        sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                            table.on(side.schema),
                            sql.Identifier(reference.constraint),
                            sql.SQL(reference.definition),
                        ),
                    )
                    connection.execute(
                        sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                            table.on(side.schema), sql.Identifier(reference.constraint)
                        )
                    )


def release(connection: Connection, side: Side, kind: str) -> int:
    """Switch on again what was held of `kind`, and return how much that was; a repeat changes nothing."""
    # All of it is one message: writers may be waiting for it.
    held = sql.Identifier(side.control_schema, "held")
    block = sql.SQL(
        "DECLARE one record; BEGIN FOR one IN DELETE FROM {} WHERE kind = {} RETURNING restore LOOP EXECUTE one.restore;"
        " END LOOP; END"
    ).format(held, sql.Literal(kind))
    cursor = connection.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE kind = {}; DO {}").format(
            held, sql.Literal(kind), sql.Literal(block.as_string(connection))
        )
    )
    return int(one_row(cursor.fetchone())[0])


def _note(connection: Connection, side: Side, table: Table, kind: str, name: str, restore: sql.Composed) -> None:
    connection.execute(
        sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING").format(
            sql.Identifier(side.control_schema, "held")
        ),
        [table.name, kind, name, restore.as_string(connection)],
    )
