"""Bringing the databases into the state that the code expects: roles and schemas, then migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from infra.databases.aliases import served
from infra.databases.configuration import owner_url_variable, url_variable
from infra.databases.embedded import EmbeddedServer
from infra.databases.migrations_run import migrate_all, unapplied
from infra.databases.reachability import DatabaseRefusal, complaint_about, require_reachable
from infra.databases.roles import FOLLOWER_RIGHTS, SchemaRoles, TableRole, provision
from infra.databases.standstill import MigrationsRefused, standstill_of


def embedded_server() -> EmbeddedServer | None:
    """Return the server of this checkout when an alias is on it."""
    return cast("EmbeddedServer", settings.EMBEDDED_SERVER) if settings.EMBEDDED_ALIASES else None


def schema_roles(aliases: Iterable[str]) -> list[SchemaRoles]:
    """Return what must exist for the aliases, as their URLs say.

    Raises:
        DatabaseRefusal: an alias has no URL for its owner.
    """
    return [_schema_roles(alias) for alias in aliases]


def table_roles(aliases: Iterable[str]) -> list[TableRole]:
    """Return the roles with rights on single tables of the aliases: the one with which services follow the record."""
    if "default" not in aliases or not settings.RECORD_FOLLOWER_URL:
        return []
    role, password = _user_of(settings.RECORD_FOLLOWER_URL)
    return [
        TableRole(
            schema=settings.SCHEMAS["default"],
            owner_role=_schema_roles("default").owner_role,
            role=role,
            password=password,
            rights=FOLLOWER_RIGHTS,
        )
    ]


def prepare(report: Callable[[str], None] = lambda line: None) -> None:
    """Make roles, schemas and tables where this process may, and refuse to go on where they are missing.

    The embedded server's are always made. An external server's schemas are migrated when the owners' URLs are given;
    roles there are made by `manage.py provision_databases`.

    Raises:
        DatabaseRefusal: a database is out of reach, too old, or lacks migrations that this process cannot apply.
    """
    provision_embedded(report)
    require_databases()
    migrate_all(report, settings.DATABASE_OWNERS)
    if set(settings.DATABASE_OWNERS) != set(served()):
        require_migrated()


def provision_embedded(report: Callable[[str], None] = lambda line: None) -> None:
    """Make the roles and schemas of the aliases on the embedded server."""
    if settings.EMBEDDED_ALIASES:
        provision(
            settings.ADMIN_DATABASE_URL, schema_roles(settings.EMBEDDED_ALIASES), table_roles(settings.EMBEDDED_ALIASES)
        )
        report(f"{len(settings.EMBEDDED_ALIASES)} schemas, each with its own role")


def complaint_about_alias(alias: str) -> str:
    """Return why an alias's database cannot be asked, and what to do; "" where it can."""
    server = embedded_server()
    if alias in settings.EMBEDDED_ALIASES and server and not server.is_running():
        return "The embedded PostgreSQL does not run. Start it (make run) and ask again."
    return complaint_about(settings.DATABASES[alias], f"The database of {alias}", url_variable(alias)) or ""


def require_databases() -> None:
    """Refuse to go on when an alias's database is out of reach, refuses the login, or is too old."""
    try:
        require_reachable(served(), {alias: url_variable(alias) for alias in served()})
    except DatabaseRefusal as refusal:
        server = embedded_server()
        if server and not server.is_running():
            raise DatabaseRefusal(server.why_not_running()) from refusal
        raise


def require_migrated() -> None:
    """Refuse to serve on schemas that lack migrations."""
    if missing := unapplied():
        if reasons := [still.reason for alias in missing if (still := standstill_of(alias))]:
            raise MigrationsRefused(
                f"This version has migrations that must not be applied now. {' '.join(reasons)} Serve the earlier version."
            )
        named = ", ".join(f"{alias} ({count})" for alias, count in missing.items())
        raise DatabaseRefusal(
            f"These schemas lack migrations of this version: {named}. Apply them before it serves: manage.py migrate_modules"
        )


def _schema_roles(alias: str) -> SchemaRoles:
    serving, owner = settings.DATABASES[alias], settings.DATABASE_OWNERS.get(alias)
    if not owner:
        raise DatabaseRefusal(
            f"{owner_url_variable(alias)} is not set. It names the role that owns the schema of {alias} and migrates it."
        )
    shared = settings.SHARED_DATABASES.get(alias, {}).get("reader", "")
    reader_role, reader_password = _user_of(shared)
    return SchemaRoles(
        schema=settings.SCHEMAS[alias],
        serving_role=serving["USER"],
        serving_password=serving["PASSWORD"],
        owner_role=owner["USER"],
        owner_password=owner["PASSWORD"],
        moves=alias != "default",
        reader_role=reader_role,
        reader_password=reader_password,
    )


def _user_of(url: str) -> tuple[str, str]:
    parts = conninfo_to_dict(url)
    return str(parts.get("user") or ""), str(parts.get("password") or "")
