"""How to reach the monolith's database of a module that may have no alias there any more."""

from __future__ import annotations

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from infra.extraction.move.sides import conninfo_of
from infra.extraction.record.values import MONOLITH
from infra.extraction.sides import Side


def monolith_side(module: str) -> Side | None:
    """Return the monolith's side, as the owner where that login is known, else as the administrator; None without either."""
    manifest = next((each for each in settings.MANIFESTS if each.name == module), None)
    schema = manifest.schema if manifest else module
    if owner := settings.DATABASE_OWNERS.get(module):
        url = conninfo_of(owner)
    elif settings.ADMIN_DATABASE_URL:
        url = settings.ADMIN_DATABASE_URL
    else:
        return None
    return Side(name=MONOLITH, owner_url=url, application_role=schema, schema=schema)


def administered(side: Side) -> bool:
    """Return whether an administrator's login of the side's database is known."""
    if not settings.ADMIN_DATABASE_URL:
        return False
    ours, theirs = (conninfo_to_dict(url) for url in (side.owner_url, settings.ADMIN_DATABASE_URL))
    parts = ("host", "port", "dbname")
    try:
        psycopg.connect(settings.ADMIN_DATABASE_URL, connect_timeout=4).close()
    except psycopg.Error:
        return False
    return [str(ours.get(part) or "") for part in parts] == [str(theirs.get(part) or "") for part in parts]
