"""Taking turns with a thread that would never stop by itself: it steps all the time, and makes way when somebody asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crossing:
    """One thread goes `along` for as long as nobody wants to go `across`; who goes across is alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asking = 0
        self._along = False
        self._ended = False
        self.interrupt = threading.Event()  # set while the one who goes along is to stop

    def end(self) -> None:
        """Have the one who goes along stop for good."""
        with self._changed:
            self._ended = True
            self.interrupt.set()
            self._changed.notify_all()

    @contextmanager
    def along(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or not self._asking)
            self._along = True
            if not self._ended:
                self.interrupt.clear()
        try:
            yield
        finally:
            with self._changed:
                self._along = False
                self._changed.notify_all()

    @contextmanager
    def across(self) -> Iterator[None]:
        with self._changed:
            self._asking += 1
            self.interrupt.set()
            self._changed.wait_for(lambda: not self._along)
        try:
            yield
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()
