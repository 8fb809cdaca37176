"""One process of the shop: started, waited for, stopped as an operator does, killed or frozen as life does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_START_SECONDS = 120.0  # on two cores that all of it shares
_STOP_SECONDS = 40.0
_never = threading.Event()


class ProcessFailed(Exception):
    """A process of the shop ended, or never began; the text has the end of its log."""


class Process:
    """A program with its children in a session of their own, its output in a file."""

    def __init__(
        self, name: str, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.log = name, log
        self._command, self._folder, self._environment = list(command), folder, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still, by a signal."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        except OSError:
            return False

    def start(self, *, until: Callable[[], bool] = lambda: True) -> None:
        """Start it and return when `until` holds.

        Raises:
            ProcessFailed: it ended before, or took too long; it is killed then.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while not until():
            if not self.is_running or time.monotonic() > end:
                self.kill()
                raise ProcessFailed(f"{self.name} did not start:\n{self.last_words()}")
            _never.wait(0.1)

    def last_words(self, characters: int = 3000) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def workers(self) -> list[int]:
        """Return the processes below it that have no children themselves: those that do the work."""
        family = _children(self.pid)
        parents = {parent for parent, _ in family}
        return [child for _, child in family if child not in parents]

    def stop(self) -> None:
        """Ask it to end and wait; one that does not is killed."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill it and everything below it at once, without a chance to say goodbye."""
        if self._process is not None:
            for pid in [child for _, child in _children(self._process.pid)]:
                send(pid, signal.SIGKILL)
            send(self._process.pid, signal.SIGKILL, group=True)
            self._process.wait(30)

    def freeze(self) -> None:
        """Stop all of it where it stands, as a paused machine does."""
        for pid in [self.pid, *(child for _, child in _children(self.pid))]:
            send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on as if nothing had been."""
        for pid in [self.pid, *(child for _, child in _children(self.pid))]:
            send(pid, signal.SIGCONT)


def send(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    """Send a signal to a process of our own that may be gone already."""
    with suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, number)


def _children(pid: int) -> list[tuple[int, int]]:
    """Return (parent, child) for everything below a process."""
    found: list[tuple[int, int]] = []
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    for child in children:
        found += [(pid, child), *_children(child)]
    return found


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
