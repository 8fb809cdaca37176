"""Waking the relay of this process when one of its transactions has published something."""

from __future__ import annotations

import threading
from collections.abc import Callable

_woken = threading.Event()
_when_nudged: list[Callable[[], None]] = []


def nudge() -> None:
    """Tell this process's relay, if one runs, that there is work. Costs under a microsecond."""
    _woken.set()
    for tell in _when_nudged:
        tell()


def wait(seconds: float) -> bool:
    """Wait for a nudge at most so long; return whether there was one."""
    nudged = _woken.wait(seconds)
    _woken.clear()
    return nudged


def call_when_nudged(tell: Callable[[], None]) -> None:
    """Have `tell` called at each nudge too; once, however often asked."""
    if tell not in _when_nudged:
        _when_nudged.append(tell)
