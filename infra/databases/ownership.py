"""Acting as the role that owns a schema, for migrations only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from django.conf import settings
from django.db import connections

from infra.databases.configuration import owner_url_variable
from infra.databases.reachability import DatabaseRefusal


@contextmanager
def as_owner(alias: str) -> Iterator[None]:
    """Within the block, `connections[alias]` of this thread logs in as the alias's owner role, outside the pool.

    The owner's login stands in `settings.DATABASE_OWNERS[alias]` as Django database settings.

    Raises:
        DatabaseRefusal: no owner's login is known.
    """
    owner = settings.DATABASE_OWNERS.get(alias)
    if not owner:
        raise DatabaseRefusal(
            f"{owner_url_variable(alias)} is not set. It names the role that owns the schema of {alias} and migrates it."
        )
    with acting_as(alias, owner):
        yield


@contextmanager
def acting_as(alias: str, login: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, `connections[alias]` of this thread uses another login, outside the pool; also in another database."""
    serving = connections[alias]
    other_settings: dict[str, Any] = dict(serving.settings_dict)
    other_settings.update({key: login[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT") if key in login})
    options = {key: value for key, value in serving.settings_dict["OPTIONS"].items() if key != "pool"}
    other_settings["OPTIONS"] = options | login.get("OPTIONS", {})
    serving.close()
    backend = cast("Any", type(serving))
    connections[alias] = backend(other_settings, alias)
    try:
        yield
    finally:
        connections[alias].close()
        connections[alias] = serving
