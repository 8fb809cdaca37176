"""How each layer is made to look, and what it says when it cannot. Layers are imported when their turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import conninfo

from infra.boundaries.findings import Finding
from infra.boundaries.report.layers import Look, NotHereError, Place
from infra.boundaries.rules import Layer
from infra.databases.configuration import url_variable
from infra.databases.preparation import embedded_server
from infra.databases.reachability import complaint_about, extra_options
from infra.databases.roles import SchemaRoles


def _manifests(place: Place) -> Iterable[Finding]:
    return cast("list[Finding]", _arrived("infra.boundaries.generation.reality").check(place.manifests, place.house))


def _static(place: Place) -> Iterable[Finding]:
    static = _arrived("infra.boundaries.static")
    return cast("list[Finding]", static.check(static.Project.of(place.house, place.manifests)))


def _application(place: Place) -> Iterable[Finding]:
    return cast("list[Finding]", _arrived("infra.boundaries.application").check(place.manifests))


def _arrived(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise NotHereError("this layer is not part of this build.") from error


def _database(place: Place) -> Iterable[Finding]:
    audit, places_in = (
        _arrived("infra.boundaries.database.audit"),
        _arrived("infra.boundaries.database.places").places_in,
    )

    found: list[Finding] = []
    for aliases in _databases():
        with _connected(aliases[0]) as connection:
            found += audit.check(place.manifests, connection, places_in([*map(_roles, aliases)], place.manifests))
    return found


def _roles(alias: str) -> SchemaRoles:
    schema = settings.SCHEMAS[alias]
    # A process that only serves has no owner's login; it is called as provisioning calls it.
    owner = settings.DATABASE_OWNERS.get(alias, {}).get("USER", f"{schema}_owner")
    serving = connections[alias].settings_dict["USER"]
    return SchemaRoles(schema=schema, serving_role=serving, serving_password="", owner_role=owner, owner_password="")


def _databases() -> list[list[str]]:
    """Return the aliases, those on one database together: a module that has left has a database of its own."""
    together: dict[tuple[object, ...], list[str]] = {}
    for alias in settings.SCHEMAS:
        login = connections[alias].settings_dict
        together.setdefault((login["HOST"], login["PORT"], login["NAME"]), []).append(alias)
    return list(together.values())


@contextmanager
def _connected(alias: str) -> Iterator[psycopg.Connection[Any]]:
    """Log in as an alias, with a short patience and without its pool."""
    login = connections[alias].settings_dict
    if complaint := complaint_about(login, f"The database of {alias}", url_variable(alias)):
        server = embedded_server()
        raise NotHereError(server.why_not_running() if server and not server.is_running() else complaint)
    address = {"host": login["HOST"], "port": login["PORT"], "user": login["USER"], "dbname": login["NAME"]}
    with psycopg.connect(conninfo.make_conninfo(**address, password=login["PASSWORD"]), **extra_options(login)) as made:
        yield made


LOOKS: Mapping[Layer, Look] = {
    Layer.MANIFEST: _manifests,
    Layer.STATIC: _static,
    Layer.APPLICATION: _application,
    Layer.DATABASE: _database,
}
