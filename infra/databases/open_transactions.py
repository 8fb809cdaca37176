"""Which transactions the present thread has open."""

from __future__ import annotations

import threading
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class _Connected(threading.local):
    """The connections that this thread ever opened: those are the ones that can have a transaction open."""

    def __init__(self) -> None:
        self.by_alias: dict[str, BaseDatabaseWrapper] = {}


_connected = _Connected()


def watch_connections() -> None:
    """Begin to notice connections; before this, none must be used.

    Looking only at connections in use is several times faster than asking Django for all of them at each call.
    """
    connection_created.connect(_remember, dispatch_uid=__name__)


def _remember(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    _connected.by_alias[connection.alias] = connection


def open_transactions() -> list[str]:
    """Return the aliases on which this thread has a transaction open, besides those that Django's TestCase opens."""
    opened = []
    for alias, connection in _connected.by_alias.items():
        if connection.in_atomic_block:
            if not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
                opened.append(alias)
        elif not connection.autocommit and connection.connection is not None:
            opened.append(alias)
    return sorted(opened)
