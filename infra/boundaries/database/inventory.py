"""Inventory: the tables that are there, against those that manifests name."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.apps import apps

from infra.boundaries.database import rules
from infra.boundaries.database.catalogue import Connection, rows
from infra.boundaries.database.places import Place, Places
from infra.boundaries.findings import Finding
from infra.databases.router import PLUMBING_LABELS

HISTORY = "django_migrations"

# A partition belongs to its parent. A materialised view holds rows, so it is to be named as well.
_TABLES = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY(%(schemas)s) AND relkind IN ('r', 'p', 'm') AND NOT relispartition
"""
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%(schemas)s)"
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%(roles)s)"


def plumbing_tables() -> frozenset[str]:
    """Return the tables that stand in every schema: outbox, inbox, idempotency keys, schedule, Django's own history."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in PLUMBING_LABELS]
    return frozenset({HISTORY, *(model._meta.db_table for model in models)})


def check_presence(places: Places, connection: Connection) -> Iterator[Finding]:
    """Yield each schema and role that is not there: about those no other question would find anything."""
    schemas = {name for (name,) in rows(connection, _SCHEMAS, places.parameters)}
    roles = {name for (name,) in rows(connection, _ROLES, places.parameters)}
    for place in places.every:
        absent = [f"schema {place.schema}"] if place.schema not in schemas else []
        absent += [f"role {role}" for role in dict.fromkeys(place.roles) if role not in roles]
        for what in absent:
            yield _missing(place, what)


def check_inventory(places: Places, connection: Connection, plumbing: Collection[str]) -> Iterator[Finding]:
    """Yield tables that nobody names, and named ones that are not there.

    Args:
        plumbing: tables that may stand in every schema without being named.
    """
    present: dict[str, set[str]] = {place.schema: set() for place in places.every}
    for schema, table in rows(connection, _TABLES, places.parameters):
        present[schema].add(table)
    for place in places.every:
        if place.tables is None:
            continue
        for table in sorted(present[place.schema] - place.tables - set(plumbing)):
            yield Finding(
                rule=rules.UNNAMED_TABLE,
                module=place.module,
                source=f"table {place.schema}.{table}",
                target=f"manifest of {place.module}",
                detail=f"The table {table} stands in schema {place.schema}, and no manifest names it.",
            )
        for table in sorted(place.tables - present[place.schema]):
            yield _missing(place, f"table {place.schema}.{table}")


def _missing(place: Place, what: str) -> Finding:
    return Finding(
        rule=rules.MISSING_TABLE,
        module=place.module,
        source=f"manifest of {place.module}",
        target=what,
        detail=f"The {what} of {place.module} is not in this database.",
    )
