"""The service's database, made fit to hold the module: roles, schema, tables of the same migrations, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dj_database_url
import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from infra.databases.migrations_run import applied, migrate_elsewhere
from infra.databases.reachability import OLDEST_VERSION, DatabaseRefusal
from infra.databases.roles import SchemaRoles, provision, provisioning_statements
from infra.extraction.data.connections import one_row
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.sides import sides_of

_FACTS = """
SELECT current_setting('server_version_num')::int / 10000, pg_encoding_to_char(encoding),
       concat_ws(' ', datlocprovider::text, datcollate, datctype, to_jsonb(d) ->> 'datlocale', datcollversion)
  FROM pg_database d WHERE datname = current_database()
"""


def prepare_target(module: str, report: Callable[[str], None]) -> tuple[str, ...]:
    """Make roles, schema and tables of a module in its service's database; a repeat changes nothing.

    Returns what differs between the two servers and is worth knowing.

    Raises:
        MoveRefused: the database can't be used as it is; it says why and what to do.
    """
    monolith, service = sides_of(module)
    urls = settings.SERVICE_DATABASES[module]
    roles = _roles(module, urls)
    if urls.get("admin"):
        try:
            provision(urls["admin"], [roles])
        except psycopg.Error as error:
            raise MoveRefused(
                f"The service's database of {module} can't be prepared by {_named(urls['admin'])}: {str(error).strip()}"
                f" {module.upper()}_SERVICE_ADMIN_DATABASE_URL names a role with CREATEROLE that owns that database."
            ) from error
        report(f"{module}: schema {roles.schema} with its roles in {_named(urls['owner'])}")
    notes = _look(module, monolith.owner_url, service.owner_url, roles)
    for note in notes:
        report(f"{module}: {note}")
    try:
        migrate_elsewhere(
            module, _login(urls["owner"]), roles.serving_role, lambda line: report(f"at the service, {line}")
        )
    except DatabaseRefusal as refusal:
        raise MoveRefused(str(refusal)) from refusal
    _require_same_migrations(module, urls["owner"])
    return notes


def _roles(module: str, urls: Any) -> SchemaRoles:
    serving, owner = conninfo_to_dict(urls["serving"]), conninfo_to_dict(urls["owner"])
    return SchemaRoles(
        schema=settings.SCHEMAS[module],
        serving_role=str(serving["user"]),
        serving_password=str(serving.get("password") or ""),
        owner_role=str(owner["user"]),
        owner_password=str(owner.get("password") or ""),
        moves=True,
    )


def _look(module: str, monolith_url: str, service_url: str, roles: SchemaRoles) -> tuple[str, ...]:
    try:
        with psycopg.connect(service_url, connect_timeout=5) as there, psycopg.connect(monolith_url) as here:
            theirs, ours = one_row(there.execute(_FACTS).fetchone()), one_row(here.execute(_FACTS).fetchone())
            has_schema = one_row(
                there.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", [roles.schema]).fetchone()
            )
    except psycopg.Error as error:
        raise MoveRefused(
            f"The service's database of {module} can't be used as {_named(service_url)}: {str(error).strip()} Make it, with its"
            f" roles, or set {module.upper()}_SERVICE_ADMIN_DATABASE_URL, so that they are made here."
        ) from error
    if theirs[0] < OLDEST_VERSION:
        raise MoveRefused(f"{_named(service_url)} is PostgreSQL {theirs[0]}; {OLDEST_VERSION} or newer is needed.")
    if theirs[1] != ours[1]:
        raise MoveRefused(
            f"{_named(service_url)} is encoded in {theirs[1]}, the monolith's in {ours[1]}. Make it alike."
        )
    if not has_schema[0]:
        database = str(conninfo_to_dict(service_url)["dbname"])
        statements = ";\n  ".join(each.as_string(None) for each in provisioning_statements(database, [roles]))
        raise MoveRefused(
            f"There is no schema {roles.schema} in {_named(service_url)}. Set {module.upper()}_SERVICE_ADMIN_DATABASE_URL, or"
            f" have an administrator run there:\n  {statements};"
        )
    notes = []
    if theirs[0] != ours[0]:
        notes.append(f"the monolith's server is PostgreSQL {ours[0]}, the service's {theirs[0]}")
    if theirs[2] != ours[2]:
        notes.append(
            f"text is ordered otherwise: {ours[2]} here, {theirs[2]} there. Lists ordered by text may come in another order"
        )
    return tuple(notes)


def _require_same_migrations(module: str, owner_url: str) -> None:
    here = applied(module, settings.DATABASE_OWNERS[module])
    there = applied(module, _login(owner_url))
    if odd := sorted(here ^ there):
        place = "the monolith's" if odd[0] in here else "the service's"
        raise MoveRefused(
            f"Only {place} schema of {module} has the migration {'.'.join(odd[0])} ({len(odd)} differ in all). Bring both to this"
            " version (manage.py migrate_modules), and repeat this."
        )


def _login(url: str) -> dict[str, Any]:
    return dict(dj_database_url.parse(url))


def _named(url: str) -> str:
    parts = conninfo_to_dict(url)
    return f"{parts.get('user')} at {parts.get('host')}:{parts.get('port') or 5432}/{parts.get('dbname')}"
