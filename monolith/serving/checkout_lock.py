"""One shop at a time per checkout."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.databases.embedded.errors import usable
from monolith.serving.web_server import CannotServe


@contextmanager
def only_shop(state: Path, port: int) -> Iterator[None]:
    """Hold the checkout's lock; it goes with the process, however that ends."""
    with usable(state):
        state.mkdir(parents=True, exist_ok=True)
        lock = os.open(state / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotServe(_running(os.pread(lock, 1000, 0))) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "port": port}).encode(), 0)
        yield
    finally:
        os.close(lock)


def _running(content: bytes) -> str:
    try:
        other = json.loads(content)
        where = f" on http://127.0.0.1:{other['port']} (process {other['pid']})"
    except (ValueError, KeyError):  # it has only just begun
        where = ""
    return f"The shop of this checkout already runs{where}. Use that one, or stop it with Ctrl-C in its terminal."
