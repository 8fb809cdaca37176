"""One shop at a time per checkout."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from infra.databases.embedded.errors import usable
from monolith.serving.web_server import CannotServe


class Running(TypedDict):
    """What a shop writes of itself for the next one to find."""

    pid: int
    port: int
    web_server: int | None


class CheckoutLock:
    """The checkout's lock, held: it goes with the process, however that ends."""

    def __init__(self, descriptor: int, before: Running | None) -> None:
        self._descriptor = descriptor
        self.before = before

    def note(self, port: int, web_server: int | None = None) -> None:
        content = Running(pid=os.getpid(), port=port, web_server=web_server)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(content).encode(), 0)

    def clear(self) -> None:
        """Note that nothing was left behind."""
        os.ftruncate(self._descriptor, 0)


@contextmanager
def only_shop(state: Path) -> Iterator[CheckoutLock]:
    """Hold the lock within the block; `before` is what a shop that was killed wrote."""
    with usable(state):
        state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        before = _read(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = f" on http://127.0.0.1:{before['port']} (process {before['pid']})" if before else ""
            raise CannotServe(
                f"The shop of this checkout already runs{where}. Use that one, or stop it with Ctrl-C in its terminal."
            ) from None
        lock = CheckoutLock(descriptor, before)
        yield lock
        lock.clear()
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Running | None:
    try:
        content = json.loads(os.pread(descriptor, 1000, 0))
        return Running(pid=content["pid"], port=content["port"], web_server=content.get("web_server"))
    except (ValueError, KeyError, TypeError):
        return None
