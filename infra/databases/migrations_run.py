"""Migrations of every alias, each under its owner and with its own history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connections, router
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import OperationalError
from psycopg import sql
from psycopg.errors import LockNotAvailable

from infra.databases.aliases import served
from infra.databases.ownership import acting_as, as_owner
from infra.databases.reachability import DatabaseRefusal
from infra.databases.standstill import MigrationsRefused, Standstill, standstill_of

# A migration that waits for a lock makes every later query on that table wait behind it: better give up soon and say so.
LOCK_TIMEOUT_SECONDS = 5
# Another deployment's migrations are waited for this long.
TURN_SECONDS = 600

Report = Callable[[str], None]
Plan = Sequence[tuple[Migration, bool]]  # what is missing, in its order; the flag is Django's for going backwards


def _silently(line: str) -> None:
    return None


def migrate_all(report: Report = _silently, aliases: Iterable[str] | None = None) -> None:
    """Bring schemas up to date as their owners, one alias after the other; a repeat changes nothing.

    Args:
        report: called with a line per alias.
        aliases: all when None.

    Raises:
        DatabaseRefusal: an owner's login is unknown, a table stayed locked by others, or another run did not end; the
            migrations that were finished before stay.
        MigrationsRefused: an alias that must stand still has new ones; nothing was applied to any.
    """
    wanted = list(served() if aliases is None else aliases)
    standing = {alias: still for alias in wanted if (still := standstill_of(alias))}
    _refuse_new_ones_of({alias: still for alias, still in standing.items() if not still.elsewhere})
    for alias in wanted:
        if alias in standing and standing[alias].elsewhere:
            report(f"{alias}: {standing[alias].reason}")
            continue
        with as_owner(alias):
            _bring_up_to_date(alias, settings.DATABASES[alias]["USER"], report)


def migrate_elsewhere(alias: str, owner: Mapping[str, Any], serving_role: str, report: Report = _silently) -> None:
    """Bring an alias's schema up to date in another database than the alias uses, with the same migrations.

    Args:
        owner: the login there that owns the schema, as Django's database settings.
        serving_role: the role that serves there.

    Raises:
        DatabaseRefusal: a table stayed locked by others, or another run did not end.
    """
    with acting_as(alias, owner):
        _bring_up_to_date(alias, serving_role, report)


def applied(alias: str, login: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return the migrations, as app and name, that the schema has in the database of `login`."""
    with acting_as(alias, login):
        return frozenset(MigrationRecorder(connections[alias]).applied_migrations())


def _bring_up_to_date(alias: str, serving_role: str, report: Report) -> None:
    with _own_turn(alias, report):
        executor, plan = _planned(alias)
        if plan:
            _migrate(alias, executor, plan)
            _protect_history(alias, serving_role)
        if alias == "default":
            _name_models()
        report(f"{alias}: {len(plan)} migrations applied" if plan else f"{alias}: up to date")


def unapplied() -> dict[str, int]:
    """Return how many migrations each alias still lacks, aliases with none left out, and those kept elsewhere."""
    here = [alias for alias in served() if not ((still := standstill_of(alias)) and still.elsewhere)]
    counts = {alias: _pending(alias) for alias in here}
    return {alias: count for alias, count in counts.items() if count}


def _refuse_new_ones_of(standing: Mapping[str, Standstill]) -> None:
    """Look before anything is migrated: a deployment is refused as a whole, or not at all."""
    refused = []
    for alias, still in standing.items():
        with as_owner(alias):
            if count := _pending(alias):
                refused.append(f"{alias} ({count} new): {still.reason}")
    if refused:
        raise MigrationsRefused("Migrations are refused, and none was applied. " + " ".join(refused))


def _migrate(alias: str, executor: MigrationExecutor, plan: Plan) -> None:
    """Do as Django's `migrate`, which knows one app or all, does for the apps of the plan."""
    loader = executor.loader
    loader.check_consistent_history(connections[alias])
    if conflicts := loader.detect_conflicts():
        names = "; ".join(f"{app}: {', '.join(sorted(last))}" for app, last in sorted(conflicts.items()))
        raise DatabaseRefusal(
            f"Migrations of one app end in more than one last one ({names}). Nothing of {alias} was applied. Merge them:"
            " manage.py makemigrations --merge"
        )
    before = loader.project_state([key for key in loader.applied_migrations or () if key in loader.graph.nodes])
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
    try:
        emit_pre_migrate_signal(0, False, alias, apps=before.apps, plan=plan)
        after = executor.migrate(_targets(executor, alias), plan=plan)
        after.clear_delayed_apps_cache()
        emit_post_migrate_signal(0, False, alias, apps=after.apps, plan=plan)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise DatabaseRefusal(
            f"A migration of {alias} waited {LOCK_TIMEOUT_SECONDS} seconds for a table that others use, and gave up so as"
            " not to hold them up. What was applied before stays. Repeat it in a quieter moment: manage.py migrate_modules"
        ) from error


def _name_models() -> None:
    """Record all models and permissions beside the staff accounts, so that rights to modules' models can be given.

    Django does this for the apps of the alias that it migrates; modules' models live on other aliases.
    """
    for app in apps.get_app_configs():
        create_contenttypes(app, using="default", verbosity=0)
        create_permissions(app, using="default", verbosity=0)


@contextmanager
def _own_turn(alias: str, report: Report) -> Iterator[None]:
    """Wait until no other process migrates the alias; the session's end gives the turn back."""
    deadline, said = time.monotonic() + TURN_SECONDS, False
    with connections[alias].cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT pg_try_advisory_lock(hashtext('banyan.migrate'), hashtext(%s))", [settings.SCHEMAS[alias]]
            )
            row = cursor.fetchone()
            if row and row[0]:
                break
            if time.monotonic() > deadline:
                raise DatabaseRefusal(
                    f"Another process has migrated {alias} for {TURN_SECONDS} seconds. Look at that one first."
                )
            if not said:
                report(f"{alias}: waiting for another process that migrates it")
                said = True
            time.sleep(0.2)
    yield


def _protect_history(alias: str, serving: str) -> None:
    """Let the serving role read which migrations are applied, and not change it."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(sql.Identifier(serving))
        )


def _pending(alias: str) -> int:
    _, plan = _planned(alias)
    return len(plan)


def _planned(alias: str) -> tuple[MigrationExecutor, Plan]:
    """Return what migrates the alias's schema, and the migrations that it lacks, in their order.

    All files of migrations are read for it, which takes longer than to find that none is new.
    """
    executor = MigrationExecutor(connections[alias])
    return executor, executor.migration_plan(_targets(executor, alias))


def _targets(executor: MigrationExecutor, alias: str) -> list[tuple[str, str]]:
    """Return the last migrations of the apps that stand in the alias's schema; so its history holds those and nothing else."""
    return [node for node in executor.loader.graph.leaf_nodes() if router.allow_migrate(alias, node[0])]
