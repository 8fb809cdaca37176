"""Seeing a call to another module inside an open transaction, which would hold locks while a network answers."""

from __future__ import annotations

import logging
import sys
import threading
from types import FrameType
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from prometheus_client import Counter

from infra.contracts.declaration import Method
from infra.contracts.errors import ContractViolation

log = logging.getLogger("infra.databases.transaction_guard")

calls_in_transactions = Counter(
    "banyan_contract_calls_in_open_transactions",
    "Contract calls made inside an open transaction",
    ["alias", "contract"],
)


class CallInOpenTransaction(ContractViolation):
    """Another module was asked inside an open transaction; ask before the transaction opens."""

    code = "call_in_open_transaction"


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


def refuse_open_transactions(method: Method, caller: str) -> None:
    """Guard the entry of a contract call, as `settings.GUARD_POLICY` says.

    Raises:
        CallInOpenTransaction: under the policy `raise`. Under `log` the call is counted, and logged with its call site.
    """
    aliases = open_transactions()
    if not aliases:
        return
    site = call_site()
    text = f"{method} is called inside an open transaction on {', '.join(aliases)}, at {site}. Ask before it opens."
    if settings.GUARD_POLICY == "raise":
        raise CallInOpenTransaction(text)
    for alias in aliases:
        calls_in_transactions.labels(alias, method.contract).inc()
    log.error(text, extra={"call_site": site, "aliases": aliases, "contract": method.contract, "method": method.name})


def call_site() -> str:
    """Return where the code outside of the plumbing of contracts stands, as `path:line in function`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != __name__ and not module.startswith("infra.contracts"):
            return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return "an unknown place"
