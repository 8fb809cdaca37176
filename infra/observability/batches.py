"""Things handled together a few times a second: those of which there are many and none is urgent."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

# Whoever pulls the plug loses this much.
INTERVAL_SECONDS = 0.1

Item = TypeVar("Item")


class Batches(Generic[Item]):
    """Collects items; a thread of its own hands them on, and the end of the process the last ones.

    Args:
        handle: gets the items of one batch, in order, never two batches at once.
    """

    def __init__(self, handle: Callable[[list[Item]], None]) -> None:
        self._handle = handle
        self._items: deque[Item] = deque()
        self._process = 0
        self._starting = threading.Lock()
        self._handling = threading.Lock()

    def add(self, item: Item) -> None:
        self._items.append(item)
        if self._process != os.getpid():  # a forked process has no threads yet
            self._start()

    def flush(self) -> None:
        """Hand on what has come so far."""
        with self._handling:
            taken: list[Item] = []
            try:
                while True:
                    taken.append(self._items.popleft())
            except IndexError:
                if taken:
                    self._handle(taken)

    def _start(self) -> None:
        with self._starting:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, name="batches", daemon=True).start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            time.sleep(INTERVAL_SECONDS)
            self.flush()
