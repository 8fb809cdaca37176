"""Migrations of several schemas: by their owners, one run at a time, never holding up those who serve."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from infra.databases.migrations_run import migrate_all, unapplied
from infra.databases.ownership import as_owner
from infra.databases.preparation import require_migrated
from infra.databases.reachability import DatabaseRefusal

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def unapplied_plumbing() -> Iterator[None]:
    """The schema of shipping as it was before the last migration of the schedule."""
    with as_owner("shipping"):
        call_command(Migrate(), "schedule", "zero", database="shipping", verbosity=0, interactive=False)
    yield
    migrate_all(aliases=["shipping"])


@pytest.mark.usefixtures("unapplied_plumbing")
def test_what_is_missing_is_counted_refused_and_then_applied_once() -> None:
    assert list(unapplied()) == ["shipping"]
    with pytest.raises(DatabaseRefusal, match=r"shipping \(\d\).*manage.py migrate_modules"):
        require_migrated()

    first: list[str] = []
    migrate_all(first.append)
    second: list[str] = []
    migrate_all(second.append)

    assert next(line for line in first if "applied" in line).startswith("shipping: ")
    assert second == [f"{alias}: up to date" for alias in settings.DATABASES]
    require_migrated()


@pytest.mark.usefixtures("unapplied_plumbing")
def test_two_runs_at_once_take_turns() -> None:
    def run(_: int) -> list[str]:
        said: list[str] = []
        migrate_all(said.append, ["shipping"])
        return said

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, range(2)))

    assert sum("applied" in line for said in runs for line in said) == 1
    assert sum("up to date" in line for said in runs for line in said) == 1


@pytest.mark.usefixtures("unapplied_plumbing")
def test_a_run_waits_for_another_one_and_says_so() -> None:
    said: list[str] = []
    waiting = threading.Event()

    def report(line: str) -> None:
        said.append(line)
        waiting.set()

    with as_owner("shipping"), connections["shipping"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('banyan.migrate'), hashtext('shipping'))")
        run = threading.Thread(target=migrate_all, args=(report, ["shipping"]))
        run.start()
        assert waiting.wait(60)
    run.join(60)

    assert said[0] == "shipping: waiting for another process that migrates it"
    assert "applied" in said[1]


def test_migrations_that_end_in_two_last_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = MigrationLoader(None).graph.leaf_nodes("schedule")
    planted = tmp_path / "planted_migrations"
    planted.mkdir()
    for file in Path(import_module("infra.schedule.migrations").__path__[0]).glob("*.py"):
        (planted / file.name).write_text(file.read_text())
    for name in ("9001_yours", "9001_mine"):
        (planted / f"{name}.py").write_text(
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            f"    dependencies = [{standing[0]!r}]\n"
        )
    monkeypatch.syspath_prepend(tmp_path)

    with (
        override_settings(MIGRATION_MODULES={**settings.MIGRATION_MODULES, "schedule": "planted_migrations"}),
        pytest.raises(DatabaseRefusal, match=r"schedule: 9001_mine, 9001_yours.*--merge"),
    ):
        migrate_all(aliases=["shipping"])

    require_migrated()


def test_only_the_owner_has_ddl_and_only_within_the_block() -> None:
    def current_user() -> str:
        with connections["orders"].cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])

    with as_owner("orders"):
        assert current_user() == "orders_owner"
    assert current_user() == "orders"


def test_an_owner_that_nobody_named_is_asked_for_by_its_variable() -> None:
    with (
        override_settings(DATABASE_OWNERS={}),
        pytest.raises(DatabaseRefusal, match=r"ORDERS_OWNER_DATABASE_URL is not set"),
        as_owner("orders"),
    ):
        pass


def test_an_unknown_alias_is_refused_by_name() -> None:
    with pytest.raises(CommandError, match=r"There is no alias order; there are default, catalog, orders"):
        call_command("migrate_modules", "order")
