"""The borders between schemas hold in the database itself, whatever the code does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connections
from psycopg import sql

from infra.boundaries.database.audit import borders
from infra.boundaries.database.places import places_in
from infra.databases.embedded.account import binaries_for
from infra.databases.roles import SchemaRoles, TableRole, provision, provisioning_statements, scram_digest
from tests import databases

pytestmark = pytest.mark.usefixtures("database")

BORDERS = list(permutations(settings.SCHEMAS, 2))


def login(alias: str, *, owner: bool = False) -> psycopg.Connection[tuple[object, ...]]:
    """Log in as psql would, outside Django."""
    place = settings.DATABASE_OWNERS[alias] if owner else settings.DATABASES[alias]
    return psycopg.connect(
        host=place["HOST"], port=place["PORT"], dbname=place["NAME"], user=place["USER"], password=place["PASSWORD"]
    )


def tables_of(alias: str) -> list[str]:
    with login(alias) as connection:
        return [
            str(row[0])
            for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [settings.SCHEMAS[alias]]
            )
        ]


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_a_serving_role_is_no_superuser_and_has_no_ddl(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)

        for statement in ("CREATE TABLE planted (id int)", "DROP TABLE django_migrations", "CREATE SCHEMA planted"):
            with pytest.raises(ProgrammingError, match=r"permission denied|no schema|must be owner"):
                cursor.execute(statement)


@pytest.mark.parametrize(("alias", "other"), BORDERS)
def test_no_role_reads_one_row_of_another_schema(alias: str, other: str) -> None:
    schema = settings.SCHEMAS[other]
    with login(alias) as serving, login(alias, owner=True) as owner:
        for table in tables_of(other):
            for connection in (serving, owner):
                with pytest.raises(
                    psycopg.errors.InsufficientPrivilege, match=f"permission denied for schema {schema}"
                ):
                    connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(schema, table)))
                connection.rollback()


def test_psql_with_the_role_of_orders_cannot_read_one_row_of_catalog() -> None:
    place = settings.DATABASES["orders"]
    url = f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
    psql = [str(binaries_for(None) / "psql"), url, "-tAc"]

    own = subprocess.run([*psql, "SELECT count(*) >= 0 FROM django_migrations"], capture_output=True, text=True)
    foreign = subprocess.run([*psql, "SELECT * FROM catalog.django_migrations"], capture_output=True, text=True)

    assert own.stdout == "t\n"
    assert "permission denied for schema catalog" in foreign.stderr
    assert not foreign.stdout


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_a_foreign_key_and_a_view_across_schemas_are_refused_to_the_owner_too(alias: str) -> None:
    other = "catalog" if alias != "catalog" else "orders"
    with login(alias, owner=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"CREATE VIEW planted AS TABLE {other}.django_migrations")
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"CREATE TABLE planted (id bigint REFERENCES {other}.django_migrations (id))")


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_each_schema_keeps_the_history_of_its_own_migrations_which_its_serving_role_cannot_change(alias: str) -> None:
    with login(alias) as connection:
        apps = {row[0] for row in connection.execute("SELECT DISTINCT app FROM django_migrations")}

        assert not apps & (set(settings.MODULES) - {alias})
        assert {"events", "idempotency", "schedule"} <= apps
        for statement in ("DELETE FROM django_migrations", "UPDATE django_migrations SET name = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_the_database_ends_what_takes_too_long(alias: str) -> None:
    with login(alias) as connection:
        for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert connection.execute("SELECT current_setting(%s)", [setting]).fetchone() != ("0",)


@pytest.fixture
def bare_database() -> Iterator[str]:
    """An empty database, and its administrator's URL; its administrator is no superuser."""
    name = "banyan_bare"
    with psycopg.connect(databases.admin_url("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute("DROP ROLE IF EXISTS bare_admin")
        admin.execute("CREATE ROLE bare_admin LOGIN CREATEROLE PASSWORD 'bare'")
        admin.execute(f"CREATE DATABASE {name} OWNER bare_admin")
        yield psycopg.conninfo.make_conninfo(databases.admin_url(name), user="bare_admin", password="bare")
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.execute("DROP ROLE bare_serving, bare_owner, bare_admin")


BARE = SchemaRoles(
    schema="bare",
    serving_role="bare_serving",
    serving_password="seén by nobody",
    owner_role="bare_owner",
    owner_password="it's a secret",
)


def test_an_administrator_without_superuser_rights_provisions_and_a_repeat_keeps_what_migrations_revoked(
    bare_database: str,
) -> None:
    provision(bare_database, [BARE])
    owner = psycopg.conninfo.make_conninfo(bare_database, user="bare_owner", password="it's a secret")
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE TABLE ledger (id int)")
        connection.execute("REVOKE UPDATE, DELETE ON ledger FROM bare_serving")

    provision(bare_database, [BARE])

    serving = psycopg.conninfo.make_conninfo(bare_database, user="bare_serving", password="seén by nobody")
    with psycopg.connect(serving) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("bare",)
        connection.execute("INSERT INTO ledger VALUES (1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger")
    with psycopg.connect(databases.admin_url("banyan_bare")) as admin:
        assert borders(places_in([BARE]), admin) == []


def test_for_a_module_that_may_leave_there_are_a_reader_that_writes_nothing_and_the_owners_schema_for_notes(
    bare_database: str,
) -> None:
    leaving = replace(BARE, moves=True, reader_role="bare_reader", reader_password="reads")
    follower = TableRole(
        schema="bare", owner_role="bare_owner", role="bare_follower", password="follows", rights={"ledger": "SELECT"}
    )
    try:
        provision(bare_database, [leaving], [follower])
        owner = psycopg.conninfo.make_conninfo(bare_database, user="bare_owner", password="it's a secret")
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE TABLE ledger (id int)")
            connection.execute("CREATE TABLE secret (id int)")
            connection.execute("CREATE TABLE bare_xtr.log (id int)")
            connection.execute("CREATE TEMPORARY TABLE stage (id int)")
        provision(bare_database, [leaving], [follower])

        for role, password in (("bare_reader", "reads"), ("bare_follower", "follows")):
            url = psycopg.conninfo.make_conninfo(bare_database, user=role, password=password)
            with psycopg.connect(url, autocommit=True) as connection:
                assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (0,)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("INSERT INTO ledger VALUES (1)")
                if role == "bare_follower":
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute("SELECT FROM secret")
        with psycopg.connect(databases.admin_url("banyan_bare")) as admin:
            found = borders(places_in([leaving]), admin)
            assert {finding.target for finding in found} == {"role bare_follower"}, (
                "the reader is expected, a stranger is not"
            )
    finally:
        with psycopg.connect(databases.admin_url("banyan_bare"), autocommit=True) as admin:
            admin.execute("DROP OWNED BY bare_reader, bare_follower")
            admin.execute("DROP ROLE bare_reader, bare_follower")


def test_the_printed_statements_hold_no_password_in_clear(bare_database: str) -> None:
    ascii_only = SchemaRoles(
        schema="bare",
        serving_role="bare_serving",
        serving_password="plain-secret",
        owner_role="bare_owner",
        owner_password="other-secret",
    )

    script = ";\n".join(each.as_string(None) for each in provisioning_statements("banyan_bare", [ascii_only]))

    assert "secret" not in script
    with psycopg.connect(bare_database, autocommit=True) as admin:
        admin.execute(script)
    serving = psycopg.conninfo.make_conninfo(bare_database, user="bare_serving", password="plain-secret")
    with psycopg.connect(serving) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("bare_serving",)


def test_a_password_is_as_hard_to_guess_as_the_server_wants(bare_database: str) -> None:
    with psycopg.connect(bare_database, autocommit=True) as admin:
        admin.execute("ALTER DATABASE banyan_bare SET scram_iterations = 7")
        provision(bare_database, [BARE])
    with psycopg.connect(databases.admin_url("banyan_bare")) as superuser:
        digests = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'bare_owner'").fetchall()
    assert [digest.split(":")[0] for (digest,) in digests] == ["SCRAM-SHA-256$7"]


def test_a_password_is_salted_anew_each_time() -> None:
    assert scram_digest("same") != scram_digest("same")


def test_nothing_in_the_shop_starts_the_wheels_own_server_helper() -> None:
    """It makes parent folders of the data world-readable when it runs as root."""
    for folder in ("infra", "modules", "monolith", "tests"):
        for file in Path(settings.BASE_DIR, folder).rglob("*.py"):
            assert "get_server" + "(" not in file.read_text(), file
