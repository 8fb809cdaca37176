"""`manage.py provision_databases` on an external server: as an administrator, and for one."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests import databases

NAME = "banyan_external"


@pytest.fixture
def external() -> Iterator[dict[str, Any]]:
    """Settings with catalog and orders in a database of their own, in which nothing is."""
    with psycopg.connect(databases.admin_url("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {NAME}")
        place = psycopg.conninfo.conninfo_to_dict(databases.admin_url(NAME))
        moved, owners = dict(settings.DATABASES), dict(settings.DATABASE_OWNERS)
        for alias in ("catalog", "orders"):
            address = {"NAME": NAME, "HOST": place["host"], "PORT": place["port"], "PASSWORD": f"secret of {alias}"}
            moved[alias] = settings.DATABASES[alias] | address | {"USER": f"external_{alias}"}
            owners[alias] = address | {"USER": f"external_{alias}_owner"}
        yield {"DATABASES": moved, "DATABASE_OWNERS": owners, "ADMIN_DATABASE_URL": admin_url()}
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        for alias in ("catalog", "orders"):
            admin.execute(f"DROP ROLE IF EXISTS external_{alias}, external_{alias}_owner")


def admin_url() -> str:
    """The administrator's URL, as a person writes it."""
    place = psycopg.conninfo.conninfo_to_dict(databases.admin_url(NAME))
    return f"postgresql://{place['user']}:{place['password']}@{place['host']}:{place['port']}/{NAME}"


def run(changed: dict[str, Any], *arguments: str) -> str:
    said = StringIO()
    # Django warns when DATABASES change under it; this command reads them only.
    with override_settings(**{name: value for name, value in changed.items() if name != "DATABASES"}):
        before = settings.DATABASES
        settings.DATABASES = changed["DATABASES"]
        try:
            call_command("provision_databases", *arguments, stdout=said)
        finally:
            settings.DATABASES = before
    return said.getvalue()


def test_it_makes_what_lies_on_the_administrators_server_and_names_the_rest(external: dict[str, Any]) -> None:
    for _ in range(2):
        said = run(external)

    assert "schema catalog: owned by external_catalog_owner, served by external_catalog" in said
    assert "In other databases, not touched: default, payments, shipping, users" in said
    assert "Next: manage.py migrate_modules" in said
    login = external["DATABASES"]["orders"]
    with psycopg.connect(
        host=login["HOST"], port=login["PORT"], dbname=NAME, user=login["USER"], password=login["PASSWORD"]
    ) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("orders",)


def test_printed_for_a_dba_it_changes_nothing_and_does_the_same(external: dict[str, Any]) -> None:
    script = run(external, "catalog", "orders", "--print-sql")

    with psycopg.connect(admin_url(), autocommit=True) as admin:
        roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'external%'"
        assert admin.execute(roles).fetchone() == (0,)
        admin.execute(script)
        assert admin.execute(roles).fetchone() == (4,)
    assert "secret of" not in script


def test_without_an_administrator_it_says_what_to_do_instead(external: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"ADMIN_DATABASE_URL is not set\..*--print-sql"):
        run(external | {"ADMIN_DATABASE_URL": ""})


def test_an_alias_elsewhere_needs_an_administrator_there(external: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"users is in another database than ADMIN_DATABASE_URL"):
        run(external, "users")


def test_an_administrator_who_may_not_is_told_what_is_missing(external: dict[str, Any]) -> None:
    with psycopg.connect(databases.admin_url("postgres"), autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS external_weak")
        admin.execute("CREATE ROLE external_weak LOGIN PASSWORD 'weak'")
    weak = admin_url().replace(admin_url().partition("@")[0], "postgresql://external_weak:weak")

    with pytest.raises(CommandError, match=r"external_weak may not do that: .*CREATEROLE"):
        run(external | {"ADMIN_DATABASE_URL": weak})

    with psycopg.connect(databases.admin_url("postgres"), autocommit=True) as admin:
        admin.execute("DROP ROLE external_weak")
