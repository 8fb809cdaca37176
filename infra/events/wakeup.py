"""Waking the relay of this process when one of its transactions has published something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

_woken = threading.Event()
_with_work: set[str] = set()


@cache
def nudge_for(module: str) -> Callable[[], None]:
    """Return the function that tells this process's relay, if one runs, of work in a module's outbox; always the same one."""

    def nudge() -> None:
        _with_work.add(module)
        _woken.set()

    return nudge


def wake() -> None:
    """End a wait although there is no work."""
    _woken.set()


def wait(seconds: float) -> frozenset[str]:
    """Wait for a nudge at most so long; return the modules with work, none when the time is over."""
    _woken.wait(seconds)
    _woken.clear()
    # Cleared before it is read: a nudge in between is seen at once or wakes the next wait.
    modules = frozenset(_with_work.copy())
    _with_work.difference_update(modules)
    return modules
