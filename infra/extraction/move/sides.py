"""Where a module's data may live: both sides as the settings name them, and what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.databases.configuration import owner_url_variable
from infra.extraction.data.connections import Connection
from infra.extraction.move.errors import MoveRefused
from infra.extraction.record.values import MONOLITH, SERVICE
from infra.extraction.sides import Side

HISTORY = "django_migrations"  # each side has its own


def sides_of(module: str) -> tuple[Side, Side]:
    """Return the module's side in the monolith's database and that in its service's.

    Raises:
        MoveRefused: a login is not known; it says which variable to set.
    """
    schema, owner = settings.SCHEMAS.get(module), settings.DATABASE_OWNERS.get(module)
    if schema is None:
        raise MoveRefused(f"This build holds no module {module}. It has {', '.join(sorted(modules()))}.")
    missing = [] if owner else [owner_url_variable(module)]
    service = settings.SERVICE_DATABASES.get(module, {})
    missing += [
        variable
        for kind, variable in (("serving", "SERVICE_DATABASE_URL"), ("owner", "SERVICE_OWNER_DATABASE_URL"))
        if not service.get(kind)
        for variable in [f"{module.upper()}_{variable}"]
    ]
    if missing:
        raise MoveRefused(
            f"{' and '.join(missing)} not set: to move {module}, the owners' logins on both sides must be known. Set them where"
            " this runs; infra/deployment/README.md says what they name."
        )
    return (
        Side(
            name=MONOLITH,
            owner_url=conninfo_of(owner),
            application_role=settings.DATABASES[module]["USER"],
            schema=schema,
        ),
        Side(
            name=SERVICE,
            owner_url=service["owner"],
            application_role=str(conninfo_to_dict(service["serving"])["user"]),
            schema=schema,
        ),
    )


def conninfo_of(login: Any) -> str:
    """Return Django's settings of a login as PostgreSQL's own text."""
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    ours = {"pool", "connect_timeout", "prepare_threshold"}
    options = {name: value for name, value in login.get("OPTIONS", {}).items() if name not in ours}
    given = {name: str(login[key]) for name, key in parts.items() if login.get(key)}
    return make_conninfo("", **given, **options)


def modules() -> tuple[str, ...]:
    """Return the modules that may move: those with an alias of their own."""
    return tuple(alias for alias in settings.SCHEMAS if alias != "default")


def carried_names(connection: Connection, side: Side) -> tuple[str, ...]:
    """Return the tables that move: all in the module's schema besides the history of its migrations."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(%s))"
        " AND c.relkind IN ('r', 'p', 'f') AND c.relname <> %s ORDER BY 1",
        [side.schema, HISTORY],
    ).fetchall()
    return tuple(str(row[0]) for row in rows)


@contextmanager
def service_running(module: str) -> Iterator[None]:
    """Have the service's database running within the block, where it is an embedded one of this machine."""
    server = settings.SERVICE_SERVER_OF(module)
    if server is None:
        yield
    else:
        with server.in_use():
            yield
