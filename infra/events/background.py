"""A loop in a thread that outlives its errors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from django.db import connections

logger = logging.getLogger("infra.events")

Step = Callable[[], float]
"""One round of work; returns the seconds to the next."""

Wait = Callable[[float], object]

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0


def return_connections(aliases: Iterable[str]) -> None:
    """Give this thread's connections back to the pool, or close them."""
    for alias in aliases:
        connections[alias].close()


def repeat(step: Step, *, until: threading.Event, wait: Wait | None = None) -> None:
    """Run rounds until told to stop. A round that raises is logged, and the next comes later and later.

    Args:
        wait: waits so many seconds, or less when there is work; by default until told to stop.
    """
    pause = wait or until.wait
    failures = 0
    while not until.is_set():
        try:
            seconds = step()
            failures = 0
        except Exception:
            failures += 1
            seconds = min(FIRST_PAUSE_SECONDS * 2 ** (failures - 1), LONGEST_PAUSE_SECONDS)
            logger.exception("A round of %s failed; the next is in %.1f s", threading.current_thread().name, seconds)
            connections.close_all()
            until.wait(seconds)
            continue
        if seconds > 0:
            pause(seconds)
    connections.close_all()
