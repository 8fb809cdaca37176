"""Waiting on conditions, never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_never = threading.Event()


def eventually(condition: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
    """Return as soon as the condition holds; fail, saying what was waited for, when it does not in time.

    The time is for a machine that is full; a condition that holds is noticed at once.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"After {seconds:.0f} s still not so: {what}."
        _never.wait(0.02)
