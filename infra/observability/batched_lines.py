"""Lines written together a few times a second, for those of which there are many and none is urgent."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from typing import Protocol

# Each single write would hand the interpreter's lock to another thread and cost a request a tenth of its time. Whoever pulls the
# plug loses this much of the access log.
INTERVAL_SECONDS = 0.1


class Output(Protocol):
    """Where the lines go."""

    def msg(self, line: str) -> None: ...


class Batched:
    """Collects lines; a thread of its own hands them on, and the end of the process the last ones."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lines: deque[str] = deque()
        self._process = 0
        self._starting = threading.Lock()

    def write(self, line: str) -> None:
        self._lines.append(line)
        if self._process != os.getpid():  # a forked process has no threads yet
            self._start()

    def flush(self) -> None:
        """Hand on what has come so far."""
        taken: list[str] = []
        try:
            while True:
                taken.append(self._lines.popleft())
        except IndexError:
            if taken:
                self._output.msg("\n".join(taken))

    def _start(self) -> None:
        with self._starting:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, name="access-log", daemon=True).start()
                atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            time.sleep(INTERVAL_SECONDS)
            self.flush()
