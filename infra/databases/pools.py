"""Giving back the connections that this process has opened, pools and their threads included."""

from __future__ import annotations

from typing import Any, cast

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from infra.databases.binding import POOL_MARK


def close_all() -> None:
    """Close this thread's connections and the process's pools; the next query opens anew. For a process about to fork or end."""
    for connection in connections.all(initialized_only=True):
        connection.close()
    for alias in list(_pools()):
        _close_pool(alias)


def close(alias: str) -> None:
    """Close one alias's connection of this thread, and its pool."""
    connections[alias].close()
    _close_pool(alias)


def pools_of(alias: str) -> list[Any]:
    """Return the alias's pools in this process: one, or one per binding that was used."""
    return [pool for name, pool in list(_pools().items()) if name.partition(POOL_MARK)[0] == alias]


def _close_pool(alias: str) -> None:
    for name in [name for name in list(_pools()) if alias in (name, name.partition(POOL_MARK)[0])]:
        if pool := _pools().pop(name, None):
            pool.close()


def _pools() -> dict[str, Any]:
    # Django keeps them on the class, and its property `pool` makes the one that it is asked for.
    return cast("dict[str, Any]", DatabaseWrapper._connection_pools)  # type: ignore[attr-defined]
