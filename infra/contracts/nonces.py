"""Remembering which requests were already received, so that none can be played back."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from pathlib import Path
from shutil import rmtree
from typing import Protocol

_NONCE = re.compile("[0-9a-f]{32}")


class NonceStore(Protocol):
    """Knows the nonces of a while."""

    def first_use(self, nonce: str, *, lifetime_seconds: int) -> bool:
        """Remember a nonce for at least that long; return whether it was unknown."""
        ...


class NoncesInMemory:
    """For a service of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._ends: deque[tuple[float, str]] = deque()

    def first_use(self, nonce: str, *, lifetime_seconds: int) -> bool:
        now = time.monotonic()
        with self._lock:
            while self._ends and self._ends[0][0] < now:
                self._known.discard(self._ends.popleft()[1])
            if nonce in self._known:
                return False
            self._known.add(nonce)
            self._ends.append((now + lifetime_seconds, nonce))
            return True


class NoncesOnHost:
    """For a service of several processes on one host: a file that is created exactly once, under a folder per minute.

    Services on several hosts behind one address need a store that they share.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def first_use(self, nonce: str, *, lifetime_seconds: int) -> bool:
        if not _NONCE.fullmatch(nonce):
            return False
        now = int(time.time())
        period = max(lifetime_seconds, 60)
        current = self._folder / str(now // period)
        previous = self._folder / str(now // period - 1)
        if (previous / nonce).exists():
            return False
        try:
            os.close(os.open(current / nonce, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        except FileNotFoundError:
            current.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._forget_all_before(now // period - 1)
            return self.first_use(nonce, lifetime_seconds=lifetime_seconds)
        return True

    def _forget_all_before(self, oldest: int) -> None:
        for folder in self._folder.iterdir():
            if folder.name.isdigit() and int(folder.name) < oldest:
                rmtree(folder, ignore_errors=True)
