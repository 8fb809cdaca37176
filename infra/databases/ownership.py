"""Acting as the role that owns a schema, for migrations only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.conf import settings
from django.db import connections


@contextmanager
def as_owner(alias: str) -> Iterator[None]:
    """Within the block, `connections[alias]` of this thread logs in as the alias's owner role, outside the pool.

    The owner's credentials stand in `settings.DATABASE_OWNERS[alias]` as Django database settings.
    """
    serving = connections[alias]
    owner_settings: dict[str, Any] = dict(serving.settings_dict)
    owner = settings.DATABASE_OWNERS[alias]
    owner_settings.update({key: owner[key] for key in ("USER", "PASSWORD", "HOST", "PORT")})
    owner_settings["OPTIONS"] = {
        key: value for key, value in serving.settings_dict["OPTIONS"].items() if key != "pool"
    }
    serving.close()
    backend = cast("Any", type(serving))
    connections[alias] = backend(owner_settings, alias)
    try:
        yield
    finally:
        connections[alias].close()
        connections[alias] = serving
