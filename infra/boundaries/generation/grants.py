"""The schemas, roles and grants that the manifests need, as a psql script for people who run their own server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from psycopg import sql

from infra.boundaries.manifest import Manifest
from infra.databases.roles import READER_SUFFIX, SchemaRoles, provisioning_statements

_HEAD = """\
-- Run it as a role with CREATEROLE that owns the database that is to hold the schemas; a repeat changes nothing:
--     psql --set ON_ERROR_STOP=1 --file grants.sql DATABASE
-- It sets no passwords: \\password orders, \\password orders_owner, and so on. Then: manage.py migrate_modules
-- `manage.py provision_databases` does the same with names and passwords out of your URLs.\
"""


def written(manifests: Sequence[Manifest], other_schemas: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the file.

    Args:
        other_schemas: what a schema is for, by its name, for those that belong to no module.
    """
    yield _HEAD
    known: set[str] = set()  # what the database itself needs is said once
    for schema, comments in _schemas(manifests, other_schemas):
        yield from ("", *(f"-- {comment}" for comment in comments))
        statements = list(dict.fromkeys(_statements(schema, moves=schema not in other_schemas)))
        yield from (statement for statement in statements if statement not in known)
        known.update(statements)


def _schemas(manifests: Sequence[Manifest], other_schemas: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    for schema, purpose in other_schemas.items():
        yield schema, [f"{schema}: {purpose}"]
    for manifest in manifests:
        yield (
            manifest.schema,
            [
                f"{manifest.schema}: module {manifest.name}, {manifest.owner}; its tables, besides the plumbing's:",
                *(f"    {table}" for table in manifest.tables),
            ],
        )


def _statements(schema: str, *, moves: bool) -> Iterator[str]:
    roles = SchemaRoles(
        schema=schema,
        serving_role=schema,
        serving_password="",
        owner_role=f"{schema}_owner",
        owner_password="",
        moves=moves,
        reader_role=f"{schema}{READER_SUFFIX}" if moves else "",
    )
    # psql knows the database that it is in.
    for statement in provisioning_statements(sql.SQL(':"DBNAME"'), [roles]):
        yield f"{statement.as_string(None)};"
