"""Waiting on conditions, never for a time."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.request
from collections.abc import Callable

_never = threading.Event()


def eventually(condition: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
    """Return as soon as the condition holds; fail, saying what was waited for, when it does not in time.

    The time is for a machine that is full; a condition that holds is noticed within a tenth of the time that it took. What is
    waited for needs the processor itself, so nobody asks for more than a quarter of the time.
    """
    began = asked = time.monotonic()
    while not condition():
        now = time.monotonic()
        assert now - began < seconds, f"After {seconds:.0f} s still not so: {what}."
        _never.wait(max(0.02, min((now - began) / 10, 0.25), min(3 * (now - asked), 0.5)))
        asked = time.monotonic()


def answers(url: str) -> bool:
    """Return whether a GET is answered with 200 now.

    To be asked again and again while a process starts, which needs the processor itself: an HTTP client that is made for each
    question costs thirty times as much, most of it for certificates.
    """
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 (an address of our own)
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
