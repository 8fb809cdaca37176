"""Waking the relay of this process when one of its transactions has published something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

_woken = threading.Event()
_with_work: set[str] = set()
_before_waking: list[Callable[[], None]] = []


@cache
def nudge_for(module: str) -> Callable[[], None]:
    """Return the function that tells this process's relay, if one runs, of work in a module's outbox; always the same one."""

    def nudge() -> None:
        _with_work.add(module)
        _woken.set()
        for prepare in _before_waking:
            prepare()

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


def call_before_waking(prepare: Callable[[], None]) -> None:
    """Have `prepare` called at each nudge, in the thread of the commit; once, however often asked."""
    if prepare not in _before_waking:
        _before_waking.append(prepare)
