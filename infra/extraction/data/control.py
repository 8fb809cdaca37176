"""Extraction's own tables on a side, in a schema beside the module's: the log, the stream's state, what was verified."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.data.errors import NotPrepared
from infra.extraction.sides import Side

_OBJECTS = """
CREATE TABLE IF NOT EXISTS {schema}.log (
    xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(), tbl smallint NOT NULL, key text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE IF NOT EXISTS {schema}.captured (tbl smallint PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS {schema}.capture (
    id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(), only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    carried pg_snapshot,
    carried_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE TABLE IF NOT EXISTS {schema}.stream (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    cursor pg_snapshot NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    frontier jsonb NOT NULL,
    rows_carried bigint NOT NULL DEFAULT 0,
    steps bigint NOT NULL DEFAULT 0,
    lease bigint NOT NULL DEFAULT 0,
    holder jsonb,
    consistent boolean NOT NULL DEFAULT true,
    suspect boolean NOT NULL DEFAULT false,
    paused text NOT NULL DEFAULT '',
    slowed_by text NOT NULL DEFAULT '',
    position_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE TABLE IF NOT EXISTS {schema}.compared (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tbl smallint NOT NULL, above text, up_to text,
    state text NOT NULL DEFAULT 'stale' CHECK (state IN ('stale', 'checking', 'equal')),
    run uuid, rows bigint NOT NULL DEFAULT 0, equal_at pg_snapshot
);
CREATE TABLE IF NOT EXISTS {schema}.held (
    tbl text NOT NULL, kind text NOT NULL, name text NOT NULL, restore text NOT NULL, PRIMARY KEY (tbl, kind, name)
);
GRANT USAGE ON SCHEMA {schema} TO {application};
GRANT INSERT, SELECT ON {schema}.log TO {application};
"""


def provisioning_statements(side: Side, owner_role: str, database: str) -> Iterator[sql.Composed]:
    """Yield what an administrator runs once on a side whose owner role may not create schemas itself."""
    schema, owner = sql.Identifier(side.control_schema), sql.Identifier(owner_role)
    # Who is no superuser must be a member for as long as it makes things for the owner.
    yield sql.SQL("GRANT {} TO CURRENT_USER").format(owner)
    yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner)
    yield sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(database), owner)
    yield sql.SQL("REVOKE {} FROM CURRENT_USER").format(owner)


def prepare(connection: Connection, side: Side) -> None:
    """Make extraction's tables on `side`; a repeat changes nothing.

    Raises:
        NotPrepared: the schema is missing and the owner role may not create it, or may make no temporary tables.
    """
    schema = sql.Identifier(side.control_schema)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [side.control_schema])
        exists, may_create, may_stage, role, database = one_row(
            connection.execute(
                "SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL,"
                " has_database_privilege(current_database(), 'CREATE'),"
                " has_database_privilege(current_database(), 'TEMPORARY'), current_user::text, current_database()::text",
                [side.control_schema],
            ).fetchone()
        )
        if (not exists and not may_create) or not may_stage:
            statements = ";\n  ".join(s.as_string(connection) for s in provisioning_statements(side, role, database))
            raise NotPrepared(
                f"On {side.name}, the role {role} may not create the schema {side.control_schema} or temporary tables."
                f" Have an administrator run once in the database {database}:\n  {statements};"
            )
        if not exists:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.execute(sql.SQL(_OBJECTS).format(schema=schema, application=sql.Identifier(side.application_role)))


def is_prepared(connection: Connection, side: Side) -> bool:
    # The table that is made last, in the same transaction as all others.
    name = sql.Identifier(side.control_schema, "held").as_string(connection)
    return bool(one_row(connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone())[0])


def discard(connection: Connection, side: Side) -> None:
    """Drop extraction's tables on `side`; the empty schema stays, as the owner may be unable to make it again."""
    with connection.transaction():
        for table in ("held", "compared", "stream", "capture", "captured", "log"):
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(side.control_schema, table)))
