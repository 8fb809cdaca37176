"""One PostgreSQL for all tests, one database per test process, copied from a template with every migration applied.

The code under test logs in with the modules' own roles, as in production. Only the preparation and the sweeping between
tests use the administrator.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.databases.migrations_run import migrate_all
from infra.databases.roles import SchemaRoles, provision

SERVER_URL_VARIABLE = "BANYAN_TEST_SERVER_URL"  # an administrator's URL; without it an embedded server is started
PASSWORD = "tests-only"


def start_server(folder: Path) -> EmbeddedServer | None:
    """Start the shared server unless the environment names one, and name it in the environment for all test processes."""
    if os.environ.get(SERVER_URL_VARIABLE):
        return None
    server = EmbeddedServer(folder, durable=False)
    server.start()
    os.environ[SERVER_URL_VARIABLE] = server.url(SUPERUSER, "postgres")
    return server


def admin_url(database: str) -> str:
    return psycopg.conninfo.make_conninfo(os.environ[SERVER_URL_VARIABLE], dbname=database)


def use_database(name: str) -> None:
    """Point every alias at `name`, logged in with its own serving role; owners for migrations likewise."""
    server = psycopg.conninfo.conninfo_to_dict(os.environ[SERVER_URL_VARIABLE])
    for alias, schema in settings.SCHEMAS.items():
        address = {"NAME": name, "HOST": server["host"], "PORT": str(server["port"])}
        connections[alias].close()
        close_pool(alias)
        connections.settings[alias].update(address | {"USER": schema, "PASSWORD": PASSWORD})
        connections[alias].settings_dict.update(address | {"USER": schema, "PASSWORD": PASSWORD})
        settings.DATABASE_OWNERS[alias] = address | {"USER": f"{schema}_owner", "PASSWORD": PASSWORD}


def close_pool(alias: str) -> None:
    connection = connections[alias]
    if getattr(connection, "pool", None):
        connection.close_pool()


def create_from_template(name: str) -> None:
    """Create the database `name` with all schemas, roles and tables, and use it."""
    template = f"banyan_template_{_fingerprint()}"
    with psycopg.connect(admin_url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('banyan.template'))")
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone()
        if not known:
            _build(connection, template)
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        for schema in settings.SCHEMAS.values():
            for role in (schema, f"{schema}_owner"):
                connection.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role))
                )
    use_database(name)


def drop(name: str) -> None:
    for alias in settings.SCHEMAS:
        connections[alias].close()
        close_pool(alias)
    with psycopg.connect(admin_url("postgres"), autocommit=True) as connection:
        _drop(connection, name)


class Sweeper:
    """Empties, after a test, the tables that the test filled; rows that migrations made are put back."""

    def __init__(self, database: str) -> None:
        self._connection = psycopg.connect(admin_url(database), autocommit=True)
        self._connection.execute("SET session_replication_role = replica")
        tables = self._connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname = ANY(%s) AND tablename <> 'django_migrations'",
            [list(settings.SCHEMAS.values())],
        ).fetchall()
        self._tables = [sql.Identifier(schema, table) for schema, table in tables]
        self._seeded = {
            table.as_string(self._connection): rows
            for table in self._tables
            if (rows := self._connection.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(table)).fetchall())
        }

    def sweep(self) -> None:
        probe = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(i), table)
            for i, table in enumerate(self._tables)
        )
        dirty = [self._tables[row[0]] for row in self._connection.execute(probe).fetchall()]
        if dirty:
            self._connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(dirty)))
        for table in self._tables:
            for (row,) in self._seeded.get(table.as_string(self._connection), ()):
                self._connection.execute(
                    sql.SQL("INSERT INTO {} SELECT * FROM jsonb_populate_record(NULL::{}, %s)").format(table, table),
                    [psycopg.types.json.Jsonb(row)],
                )

    def close(self) -> None:
        self._connection.close()


def _build(connection: psycopg.Connection[tuple[object, ...]], template: str) -> None:
    building = f"{template}_building"
    _drop(connection, building)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
    provision(
        admin_url(building),
        [
            SchemaRoles(
                schema=schema,
                serving_role=schema,
                serving_password=PASSWORD,
                owner_role=f"{schema}_owner",
                owner_password=PASSWORD,
            )
            for schema in settings.SCHEMAS.values()
        ],
    )
    use_database(building)
    migrate_all()
    for alias in settings.SCHEMAS:
        connections[alias].close()
        close_pool(alias)
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
    )


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _fingerprint() -> str:
    """Return a digest of every migration, so that a template is made anew exactly when one changes."""
    digest = sha256(Path(__file__).read_bytes())
    for file in sorted(Path(settings.BASE_DIR).glob("[im]*/**/migrations/*.py")):
        digest.update(file.read_bytes())
    for file in sorted(Path(settings.BASE_DIR).glob("infra/databases/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
