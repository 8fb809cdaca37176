"""One PostgreSQL for all tests, one database per test process, copied from a template with every migration applied.

The code under test logs in with the modules' own roles, as in production. Only the preparation and the sweeping between
tests use the administrator.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.types.json import Jsonb

from infra.databases import pools
from infra.databases.embedded import SUPERUSER, EmbeddedServer, EmbeddedServerError
from infra.databases.migrations_run import migrate_all
from infra.databases.roles import FOLLOWER_RIGHTS, FOLLOWER_ROLE, SchemaRoles, TableRole, provision

SERVER_URL_VARIABLE = "BANYAN_TEST_SERVER_URL"  # an administrator's URL; without it an embedded server is started
PASSWORD = "tests-only"
TEST_DATABASE_PREFIX = "banyan_test_"  # and the process that made it
TEMPLATE_PREFIX = "banyan_template_"  # and the digest of the migrations it holds


@contextmanager
def running_server(folder: Path) -> Iterator[None]:
    """Have a server for all test processes within the block, and name it in the environment.

    One that an interrupted run left behind is taken over; the last of several runs in a checkout stops it.
    """
    if os.environ.get(SERVER_URL_VARIABLE):
        yield
        return
    server = EmbeddedServer(folder, durable=False, in_memory=True)
    try:
        with server.in_use():
            os.environ[SERVER_URL_VARIABLE] = server.url(SUPERUSER, "postgres")
            remove_left_behind()
            yield
    except EmbeddedServerError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        os.environ.pop(SERVER_URL_VARIABLE, None)


def remove_left_behind() -> None:
    """Drop databases of test processes that are gone, and templates of earlier migrations."""
    with one_at_a_time() as connection:
        names = [str(row[0]) for row in connection.execute("SELECT datname FROM pg_database").fetchall()]
        for name in names:
            process = name.removeprefix(TEST_DATABASE_PREFIX)
            if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
                _drop(connection, name)
            if name.startswith(TEMPLATE_PREFIX) and name != _template():
                _drop(connection, name)


def admin_url(database: str) -> str:
    return psycopg.conninfo.make_conninfo(os.environ[SERVER_URL_VARIABLE], dbname=database)


def use_database(name: str) -> None:
    """Point every alias at `name`, logged in with its own serving role; owners for migrations likewise."""
    server = psycopg.conninfo.conninfo_to_dict(os.environ[SERVER_URL_VARIABLE])
    for alias, schema in settings.SCHEMAS.items():
        address = {"NAME": name, "HOST": server["host"], "PORT": str(server["port"])}
        pools.close(alias)
        connections.settings[alias].update(address | {"USER": schema, "PASSWORD": PASSWORD})
        connections[alias].settings_dict.update(address | {"USER": schema, "PASSWORD": PASSWORD})
        settings.DATABASE_OWNERS[alias] = address | {"USER": f"{schema}_owner", "PASSWORD": PASSWORD}


def create_from_template(name: str) -> None:
    """Create the database `name` with all schemas, roles and tables, and use it."""
    template = _template()
    with one_at_a_time() as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone()
        if not known:
            _build(connection, template)
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        for schema in settings.SCHEMAS.values():
            for role in (schema, f"{schema}_owner"):
                temporary = sql.SQL(", TEMPORARY" if role != schema else "")
                connection.execute(
                    sql.SQL("GRANT CONNECT{} ON DATABASE {} TO {}").format(
                        temporary, sql.Identifier(name), sql.Identifier(role)
                    )
                )
        for alias, schema in settings.SCHEMAS.items():
            role = FOLLOWER_ROLE if alias == "default" else f"{schema}_reader"
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role))
            )
    use_database(name)


def drop(name: str) -> None:
    pools.close_all()
    with one_at_a_time() as connection:
        _drop(connection, name)


class Sweeper:
    """Takes back, after a test, what it wrote: its rows go, rows that migrations made come back as they were."""

    def __init__(self, database: str) -> None:
        self._connection = psycopg.connect(admin_url(database), autocommit=True)
        # No trigger and no foreign key fires: ledgers may be emptied, in any order.
        self._connection.execute("SET session_replication_role = replica")
        rows = self._connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname = ANY(%s) AND tablename <> 'django_migrations'",
            [list(settings.SCHEMAS.values())],
        ).fetchall()
        self._tables = [_Table(self._connection, schema, name) for schema, name in rows]
        self._probe = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, ({})").format(sql.Literal(number), table.probe)
            for number, table in enumerate(self._tables)
        )
        self._clean: dict[int, object] = dict(self._connection.execute(self._probe).fetchall())

    def sweep(self) -> None:
        """Empty each table that the test changed, and put its seeded rows back."""
        for number, state in self._connection.execute(self._probe).fetchall():
            if state != self._clean[number]:
                self._tables[number].restore(self._connection)

    def close(self) -> None:
        self._connection.close()


class _Table:
    """One table as the migrations left it."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], schema: str, name: str) -> None:
        self._name = sql.Identifier(schema, name)
        self._seeded = [
            row[0] for row in connection.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(self._name)).fetchall()
        ]
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = ''",
            [self._name.as_string(connection)],
        ).fetchall()
        self._columns = sql.SQL(", ").join(sql.Identifier(row[0]) for row in columns)

    @property
    def probe(self) -> sql.Composed:
        """A query whose answer changes when the rows do."""
        if self._seeded:
            return sql.SQL("SELECT sum(hashtextextended(t::text, 0)) FROM {} t").format(self._name)
        return sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) t").format(self._name)

    def restore(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        # Not TRUNCATE: on small tables it takes longer, and it waits for connections that still read.
        connection.execute(sql.SQL("DELETE FROM {}").format(self._name))
        if self._seeded:
            connection.execute(
                sql.SQL(
                    "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM jsonb_populate_recordset(NULL::{}, %s)"
                ).format(self._name, self._columns, self._columns, self._name),
                [Jsonb(self._seeded)],
            )


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
                moves=alias != "default",
                reader_role=f"{schema}_reader" if alias != "default" else "",
                reader_password=PASSWORD,
            )
            for alias, schema in settings.SCHEMAS.items()
        ],
        [
            TableRole(
                schema=schema,
                owner_role=f"{schema}_owner",
                role=FOLLOWER_ROLE,
                password=PASSWORD,
                rights=FOLLOWER_RIGHTS,
            )
            for alias, schema in settings.SCHEMAS.items()
            if alias == "default"
        ],
    )
    use_database(building)
    migrate_all()
    pools.close_all()
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(template))
    )


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def one_at_a_time() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Yield an administrator's connection; test processes that make or drop databases wait for each other."""
    with psycopg.connect(admin_url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('banyan.template'))")
        yield connection


def _template() -> str:
    return f"{TEMPLATE_PREFIX}{_fingerprint()}"


@cache
def _fingerprint() -> str:
    """Return a digest of every migration, so that a template is made anew exactly when one changes."""
    digest = sha256(Path(__file__).read_bytes())
    digest.update(repr(sorted(settings.SCHEMAS)).encode())  # the tests of a service have its module's only
    for file in sorted(Path(settings.BASE_DIR).glob("[im]*/**/migrations/*.py")):
        digest.update(file.read_bytes())
    for file in sorted(Path(settings.BASE_DIR).glob("infra/databases/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
