"""Tables that more than one module reaches: by a role, by a foreign key, by a statement in the code."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from infra.boundaries.patterns.evidence import NO_DATABASE, NO_SOURCES, Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.rules import SHARED_DATABASE

# Roles that may log in, are no administrators, and may touch rows of a table that a manifest names.
_REACHES = """
SELECT role.rolname, schema.nspname, relation.relname
FROM pg_class AS relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
CROSS JOIN pg_roles AS role
WHERE relation.relkind IN ('r', 'p') AND relation.relname = ANY(%(tables)s) AND schema.nspname NOT LIKE 'pg\\_%%'
  AND role.rolcanlogin AND NOT role.rolsuper
  AND has_schema_privilege(role.oid, schema.oid, 'USAGE')
  AND has_table_privilege(role.oid, relation.oid, 'SELECT, INSERT, UPDATE, DELETE')
"""
_REFERS = """
SELECT here.relname, there.relname FROM pg_constraint
JOIN pg_class AS here ON here.oid = conrelid JOIN pg_class AS there ON there.oid = confrelid
WHERE contype = 'f' AND here.relname = ANY(%(tables)s) AND there.relname = ANY(%(tables)s)
"""


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Measure how many tables each module shares with others."""
    owners = {table: manifest.name for manifest in evidence.manifests for table in manifest.tables}
    if evidence.connection is None:
        yield NotMeasured(SHARED_DATABASE, f"By roles and foreign keys: {NO_DATABASE}")
    if evidence.sources is None:
        yield NotMeasured(SHARED_DATABASE, f"By statements in the code: {NO_SOURCES}")
    shared: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))  # by module: table -> how
    for module, table, how in (*_in_database(evidence, owners), *_in_code(evidence, owners)):
        shared[module][table].append(how)
    for manifest in evidence.manifests:
        tables = shared.get(manifest.name, {})
        ways = "; ".join(f"{table} ({', '.join(sorted(set(how)))})" for table, how in sorted(tables.items())[:5])
        yield Measure(
            rule=SHARED_DATABASE,
            module=manifest.name,
            source=manifest.name,
            target=", ".join(sorted({owners[table] for table in tables})),
            figure=len(tables),
            unit="tables of others that it reaches",
            threshold=evidence.thresholds.shared_tables,
            too_much=len(tables) > evidence.thresholds.shared_tables,
            detail=f"{manifest.name} reaches {len(tables)} tables of others: {ways}."
            if tables
            else f"{manifest.name} reaches its own tables only.",
        )


def _in_database(evidence: Evidence, owners: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    if evidence.connection is None:
        return
    names = {"tables": sorted(owners)}
    reached: dict[str, set[str]] = defaultdict(set)
    for role, _, table in evidence.connection.execute(_REACHES, names).fetchall():
        reached[role].add(table)
    schemas = {manifest.schema: manifest.name for manifest in evidence.manifests}
    for role, tables in reached.items():
        modules = {owners[table] for table in tables}
        # A role named like a schema, or like its owner, is that module's; any other serves all whose tables it reaches.
        own = schemas.get(role) or schemas.get(role.removesuffix("_owner"))
        for module in [own] if own else sorted(modules):
            for table in tables:
                if owners[table] != module:
                    yield module, table, f"role {role} may touch it"
    for table, target in evidence.connection.execute(_REFERS, names).fetchall():
        if owners[table] != owners[target]:
            yield owners[table], target, f"foreign key of {table}"


def _in_code(evidence: Evidence, owners: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    if evidence.sources is None or not owners:
        return
    names = "|".join(re.escape(table) for table in sorted(owners, key=len, reverse=True))
    statement = re.compile(rf'\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY)\s+(?:"?\w+"?\.)?"?({names})\b', re.IGNORECASE)
    for manifest in evidence.manifests:
        for file, node, text in evidence.sources.strings(manifest.name):
            for table in statement.findall(text):
                owner = owners.get(table.lower())
                if owner and owner != manifest.name:
                    yield manifest.name, table.lower(), f"statement at {file.shown}:{node.lineno}"
