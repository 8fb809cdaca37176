"""The graph of migrations, and what they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding
from infra.databases.router import PLUMBING_LABELS

# Where SQL names a table; elsewhere the same word may be a column.
_TABLE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|TRUNCATE|EXISTS|ONLY)\s+(?:\w+\.|\"\w+\"\.)?\"?(\w+)\"?",
    re.IGNORECASE,
)


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each migration that is tied to another module."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    for (label, name), migration in sorted(loader.disk_migrations.items()):
        if label in PLUMBING_LABELS:
            continue
        owner, source = territory.owner_of_label(label), f"{label}.{name}"
        yield from _edges(territory, owner, source, migration)
        place = territory.owner_of(migration.__module__)
        if territory.crosses(owner, place):
            yield territory.finding(
                rules.MIGRATION_ELSEWHERE,
                owner=place or owner,
                source=migration.__module__,
                target=f"migrations of {label}",
                detail=f"{source} stands in {migration.__module__}, a folder of {territory.named(place)}.",
                at=type(migration),
            )
        if territory.is_module(owner):
            yield from _operations(territory, owner, source, migration)


def _edges(territory: Territory, owner: str, source: str, migration: Migration) -> Iterator[Finding]:
    ties: Sequence[tuple[str, str, Iterable[Any]]] = (
        ("dependencies", "waits for", migration.dependencies),
        ("run_before", "runs before", migration.run_before),
        ("replaces", "replaces", migration.replaces),
    )
    for attribute, verb, others in ties:
        for label, name in others:
            other = territory.owner_of_label(label)
            if label in PLUMBING_LABELS or not territory.crosses(owner, other):
                continue
            yield territory.finding(
                rules.MIGRATION_EDGE,
                owner=owner or other,
                source=source,
                target=f"{label}.{name}",
                detail=f"{source} {verb} {label}.{name} of {territory.named(other)}.",
                at=type(migration),
                line_of=attribute,
            )


def _operations(territory: Territory, owner: str, source: str, migration: Migration) -> Iterator[Finding]:
    touched: dict[str, str] = {}
    for operation in _flat(migration.operations):
        if isinstance(operation, RunPython):
            for code in (operation.code, operation.reverse_code):
                other = territory.owner_of_code(code) if code else ""
                if other and territory.crosses(owner, other):
                    touched[dotted_name(code)] = f"{source} runs {dotted_name(code)} of {territory.named(other)}."
        elif isinstance(operation, RunSQL):
            named = {word.lower() for text in _texts(operation) for word in _TABLE.findall(text)}
            for table in sorted(named & territory.table_owners.keys()):
                if (other := territory.table_owners[table]) != owner:
                    touched[f"table {table}"] = f"SQL in {source} names {table}, a table of {other}."
    for target, detail in touched.items():
        yield territory.finding(
            rules.MIGRATION_REACHES, owner=owner, source=source, target=target, detail=detail, at=type(migration)
        )


def _flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
            yield from _flat(operation.state_operations)


def _texts(operation: RunSQL) -> Iterator[str]:
    for sql in (operation.sql, operation.reverse_sql):
        for part in [sql] if isinstance(sql, str) else sql or ():
            yield part if isinstance(part, str) else str(part[0])
