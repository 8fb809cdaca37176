"""A module on the move takes no migration: not from a command, not at a start, not from whoever asks nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.test import override_settings

from infra.databases.migrations_run import migrate_all
from infra.databases.ownership import as_owner
from infra.databases.preparation import require_migrated
from infra.databases.standstill import MigrationsRefused
from infra.extraction.freezing import guard
from infra.extraction.freezing.check import standstill
from infra.extraction.record.changing import change, read
from infra.extraction.record.values import Phase
from infra.extraction.sides import Side
from tests.databases import PASSWORD, admin_url
from tests.shop_process import free_port, shop_environment

pytestmark = pytest.mark.usefixtures("database")
MODULE = "shipping"


@pytest.fixture(autouse=True)
def record() -> Iterator[None]:
    login = connections["default"].settings_dict
    url = psycopg.conninfo.make_conninfo(admin_url(login["NAME"]), user=login["USER"], password=PASSWORD)
    with override_settings(EXTRACTION_RECORD_URL=url):
        yield


@pytest.fixture
def a_new_migration(database: None) -> Iterator[None]:
    """The module's schema as it was before the last migration of the schedule."""
    with as_owner(MODULE):
        call_command(Migrate(), "schedule", "zero", database=MODULE, verbosity=0, interactive=False)
    yield
    with override_settings(EXTRACTION_RECORD_URL=""):
        migrate_all(aliases=[MODULE])


@pytest.fixture
def side() -> Iterator[Side]:
    login = settings.DATABASE_OWNERS[MODULE]
    url = psycopg.conninfo.make_conninfo(admin_url(login["NAME"]), user=login["USER"], password=PASSWORD)
    here = Side(name="monolith", owner_url=url, application_role=MODULE, schema=MODULE)
    with psycopg.connect(url, autocommit=True) as connection:
        guard.freeze(connection, here)
        guard.freeze(connection, here)  # a repeat changes nothing
        yield here
        guard.thaw(connection, here)
        guard.thaw(connection, here)


def goes_to(phase: str) -> None:
    change(read(MODULE), who="tests", why="a test", phase=phase)


@pytest.mark.usefixtures("a_new_migration")
@pytest.mark.parametrize("phase", [Phase.DUAL_WRITE, Phase.SWITCHED])
def test_a_module_on_the_move_is_not_migrated_and_neither_is_anything_else(phase: str) -> None:
    goes_to(phase)
    said: list[str] = []

    with pytest.raises(
        MigrationsRefused, match=r"shipping \(\d new\): shipping is on the move.*extract shipping complete"
    ):
        migrate_all(said.append)

    assert said == []
    with pytest.raises(MigrationsRefused, match="Serve the earlier version"):
        require_migrated()


@pytest.mark.usefixtures("a_new_migration")
@pytest.mark.parametrize("phase", [Phase.IN_PROCESS, Phase.SHARED_DATABASE])
def test_before_the_copy_a_module_is_migrated_as_ever(phase: str) -> None:
    goes_to(phase)

    migrate_all()

    require_migrated()


def test_a_module_on_the_move_with_nothing_new_holds_nobody_up() -> None:
    goes_to(Phase.DUAL_WRITE)
    said: list[str] = []

    migrate_all(said.append)
    require_migrated()

    assert f"{MODULE}: up to date" in said


@pytest.mark.usefixtures("a_new_migration")
def test_a_module_that_lives_elsewhere_is_neither_migrated_here_nor_missed() -> None:
    goes_to(Phase.SPLIT)
    said: list[str] = []

    migrate_all(said.append)
    require_migrated()

    assert "shipping: lives in its service; write SHIPPING_MODULE=<its URL> into the environment" in said
    with override_settings(SERVICE_OF=MODULE):
        assert standstill(MODULE) is None


@pytest.mark.usefixtures("a_new_migration")
def test_a_record_that_does_not_answer_refuses_what_is_new(tmp_path: Path) -> None:
    nowhere = psycopg.conninfo.make_conninfo(settings.EXTRACTION_RECORD_URL, port=1)

    with override_settings(EXTRACTION_RECORD_URL=nowhere), pytest.raises(MigrationsRefused, match="does not answer"):
        migrate_all(aliases=[MODULE])


@pytest.mark.usefixtures("a_new_migration")
@pytest.mark.parametrize("command", ["migrate_modules", "serve"])
def test_the_command_and_a_start_in_mid_flight_end_with_the_reason(command: str, tmp_path: Path) -> None:
    goes_to(Phase.DUAL_WRITE)
    ended = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=settings.BASE_DIR,
        env=shop_environment(tmp_path) | {"PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "shipping is on the move (dual write)" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("a_new_migration")
def test_the_database_refuses_a_migration_of_whoever_did_not_ask(side: Side) -> None:
    with (
        override_settings(EXTRACTION_RECORD_URL=""),
        pytest.raises(Exception, match=r"is on the move|permission denied for schema"),
    ):
        migrate_all(aliases=[MODULE])

    with psycopg.connect(side.owner_url, autocommit=True) as connection:
        assert guard.is_frozen(connection, side)
        left = connection.execute("SELECT to_regclass('shipping.schedule_periodictask')").fetchone()
    assert left == (None,)


def test_the_database_refuses_a_migration_that_changes_a_column_and_rolls_it_back(side: Side) -> None:
    with psycopg.connect(side.owner_url) as connection:
        connection.execute("ALTER TABLE shipping.django_migrations ADD COLUMN planted int")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is on the move"):
            connection.execute("INSERT INTO shipping.django_migrations (app, name, applied) VALUES ('a', 'b', now())")
        connection.rollback()
        columns = connection.execute("SELECT * FROM shipping.django_migrations LIMIT 0").description or ()
    assert "planted" not in [column.name for column in columns]


def test_after_the_thaw_the_owner_makes_tables_again(side: Side) -> None:
    with psycopg.connect(side.owner_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE shipping.planted (id int)")
        guard.thaw(connection, side)
        connection.execute("CREATE TABLE shipping.planted (id int)")
        connection.execute("DROP TABLE shipping.planted")


def test_plain_migrate_is_refused_as_ever() -> None:
    with pytest.raises(CommandError, match="migrate_modules"):
        call_command("migrate")
