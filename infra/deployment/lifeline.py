"""A pipe between `manage.py serve` and the server that it started: when the parent is killed, the child ends too."""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "BANYAN_LIFELINE"  # names the inherited descriptor


def end_with_parent() -> None:
    """Send this process SIGTERM when the parent's end of the pipe closes; without a pipe, do nothing."""
    if descriptor := os.environ.pop(VARIABLE, ""):
        threading.Thread(target=_wait_and_end, args=(int(descriptor),), daemon=True, name="lifeline").start()


def _wait_and_end(descriptor: int) -> None:
    os.read(descriptor, 1)  # nothing is ever written; this returns when the last holder of the other end is gone
    os.kill(os.getpid(), signal.SIGTERM)
