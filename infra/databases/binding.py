"""An alias with several logins, of which one counts at a time: changed while the process serves, without a restart.

`DATABASES[alias]["BINDINGS"]` holds Django database settings by name; the engine `infra.databases.bound` connects with those of
the name that counts. A change is taken up by each connection that is opened afterwards, and with it by each request: none that
begins later sees the old database, and none that is under way changes its database in the middle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.core.signals import request_started
from django.db import connections

OWN = "own"  # the service's own database
SHARED = "shared"  # the module's tables in the monolith's database, with the role that serves them there
SHARED_READ_ONLY = "shared_read_only"  # the same tables, with a role that only reads

POOL_MARK = " as "  # between an alias and a binding, in the name of the binding's pool
_bound: dict[str, str] = {}
_choices: dict[str, Callable[[], str]] = {}
_lock = threading.Lock()


def bind(alias: str, name: str) -> None:
    """Have new connections of an alias log in as the binding of that name says; a repeat changes nothing.

    Raises:
        LookupError: the alias has no such binding.
    """
    known = connections.settings[alias].get("BINDINGS", {})
    if name not in known:
        raise LookupError(
            f"The alias {alias} has no binding {name!r}; it has {', '.join(known) or 'none'}. Is its URL in the environment?"
        )
    with _lock:
        _bound[alias] = name


def choose_with(alias: str, choose: Callable[[], str]) -> None:
    """Have `choose()` name the first binding, when a connection is wanted and nobody has bound the alias."""
    _choices[alias] = choose


def bound(alias: str) -> str:
    """Return the name of the binding that counts; "" where there is none and nobody to choose one."""
    name = _bound.get(alias)
    if name is None:
        if alias not in _choices:
            return ""
        chosen = _choices[alias]()
        with _lock:
            name = _bound.setdefault(alias, chosen)
    return name


def forget(alias: str) -> None:
    """Let no binding count, as before the first; for tests."""
    with _lock:
        _bound.pop(alias, None)
        _choices.pop(alias, None)


def login_of(alias: str, name: str) -> dict[str, Any]:
    """Return the Django database settings of a binding."""
    return dict(connections.settings[alias]["BINDINGS"][name])


def watch_requests() -> None:
    """Begin to let go, at the start of each request, of connections that this thread kept from an older binding."""
    request_started.connect(_let_go, dispatch_uid=__name__)


def _let_go(**kwargs: Any) -> None:
    for alias in tuple(_bound):
        let_go: Any = getattr(connections[alias], "let_go_of_the_past", None)
        if let_go:
            let_go()
