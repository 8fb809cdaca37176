"""Migrations of every alias, each under its owner and with its own history."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from infra.databases.ownership import as_owner


def migrate_all(report: Callable[[str], None] = lambda line: None) -> None:
    """Bring every alias's schema up to date as its owner; a repeat changes nothing.

    Args:
        report: called with one line per alias.
    """
    for alias in settings.DATABASES:
        with as_owner(alias):
            pending = _pending(alias)
            # App by app, so that each history holds what its schema holds and nothing else.
            for app_label in _labels_of(alias) if pending else ():
                call_command("migrate", app_label, database=alias, verbosity=0, interactive=False)
            report(f"{alias}: {pending} migrations applied" if pending else f"{alias}: up to date")


def unapplied() -> dict[str, int]:
    """Return how many migrations each alias still lacks, aliases with none left out."""
    counts = {alias: _pending(alias) for alias in settings.DATABASES}
    return {alias: count for alias, count in counts.items() if count}


def _pending(alias: str) -> int:
    executor = MigrationExecutor(connections[alias])
    labels = _labels_of(alias)
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]
    return len(executor.migration_plan(targets))


def _labels_of(alias: str) -> list[str]:
    """Return the apps with migrations that stand in the alias's schema."""
    migrated = {label for label, _ in MigrationLoader(None).graph.leaf_nodes()}
    return sorted(label for label in migrated if router.allow_migrate(alias, label))
