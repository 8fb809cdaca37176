"""The audit of every database that the settings name: a module that has left has one of its own."""

from __future__ import annotations

from django.conf import settings
from django.db import connections

from infra.boundaries.database import audit
from infra.boundaries.database.places import places_in
from infra.boundaries.findings import Finding
from infra.boundaries.report.layers import Looked, Place
from infra.databases.preparation import complaint_about_alias
from infra.databases.reachability import connect
from infra.databases.roles import SchemaRoles


def look(place: Place) -> Looked:
    """Audit each database as the role of the first alias that leads to it, which may read the catalogue like any other."""
    findings: list[Finding] = []
    silent: list[str] = []
    databases = _databases()
    for aliases in databases:
        alias = aliases[0]
        if complaint := complaint_about_alias(alias):
            silent.append(complaint)
            continue
        schemas = {settings.SCHEMAS[alias] for alias in aliases}
        here = [manifest for manifest in place.manifests if manifest.schema in schemas]
        with connect(connections[alias].settings_dict) as connection:
            findings += audit.check(here, connection, places_in([_roles(alias) for alias in aliases], here))
    return Looked(findings=findings, missed=" ".join(silent), is_blind=len(silent) == len(databases))


def _databases() -> list[list[str]]:
    """Return the aliases, those that lead to one database together."""
    together: dict[tuple[object, ...], list[str]] = {}
    for alias in settings.SCHEMAS:
        login = connections[alias].settings_dict
        together.setdefault((login["HOST"], login["PORT"], login["NAME"]), []).append(alias)
    return list(together.values())


def _roles(alias: str) -> SchemaRoles:
    schema = settings.SCHEMAS[alias]
    # A process that only serves has no owner's login; the owner is called as provisioning calls it.
    owner = settings.DATABASE_OWNERS.get(alias, {}).get("USER", f"{schema}_owner")
    serving = connections[alias].settings_dict["USER"]
    return SchemaRoles(schema=schema, serving_role=serving, serving_password="", owner_role=owner, owner_password="")
