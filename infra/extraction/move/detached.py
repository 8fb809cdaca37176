"""A carrier started in the background of a laptop; elsewhere it is a service of its own, as any other process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from infra.extraction.move.turns import connect_to_record, holder_seen

EVERY = "*"
_START_SECONDS = 30.0
_POLL_SECONDS = 0.2


def carries(module: str) -> str:
    """The name of the turn of the carrier of a module."""
    return f"carrier {module}"


def lives(module: str) -> str | None:
    """Return who carries the module, or all of them; None when nobody does."""
    with connect_to_record("look") as connection:
        return holder_seen(connection, carries(EVERY)) or holder_seen(connection, carries(module))


def have_a_carrier(module: str, report: Callable[[str], None]) -> None:
    """Start a carrier in the background when none lives and this is a laptop; else say how to start one."""
    if found := lives(module):
        report(f"{module}: carried by {found}")
        return
    if settings.EMBEDDED_SERVER is None:
        report(f"{module}: no carrier lives, so nothing is carried yet. Start one: manage.py carry")
        return
    log = Path(settings.STATE_DIR) / "extraction" / "carrier.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "carry"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=settings.BASE_DIR,
            start_new_session=True,  # it outlives this command and its terminal
        )
    deadline = time.monotonic() + _START_SECONDS
    while not lives(module):
        if process.poll() is not None or time.monotonic() > deadline:
            report(f"{module}: the carrier did not start; {log} says why. Start one: manage.py carry")
            return
        time.sleep(_POLL_SECONDS)
    report(f"{module}: started a carrier in the background (process {process.pid}; its log is {log})")
