"""One shop, and one service of each module, at a time per checkout."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from infra.databases.embedded.errors import usable
from infra.deployment.serving.web_server import CannotServe

FILE = "serve.lock"


class Running(TypedDict):
    """What a running one writes of itself for the next one, and for others, to find."""

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
def only_one(folder: Path, what: str) -> Iterator[CheckoutLock]:
    """Hold the lock of a folder within the block; `before` is what one that was killed wrote.

    Args:
        what: is served, for messages: "shop".
    """
    with usable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        before = _read(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = f" on http://127.0.0.1:{before['port']} (process {before['pid']})" if before else ""
            raise CannotServe(
                f"The {what} of this checkout already runs{where}. Use that one, or stop it with Ctrl-C in its terminal."
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


def address_of_running(folder: Path) -> str:
    """Return where the one that holds the folder's lock answers, or answered last; empty when there is no telling."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY)
    except OSError:
        return ""
    try:
        running = _read(descriptor)
    finally:
        os.close(descriptor)
    return f"http://127.0.0.1:{running['port']}" if running else ""
