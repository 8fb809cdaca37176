"""Controllers without the second in which each would load the shop: forks of one process that has loaded it."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import TextIO

from tests.extraction.move.place import Place


class Controller:
    """One verb under way, in a process of its own.

    Args:
        pipes: two named pipes at which it waits, for its standard input and output.
    """

    def __init__(self, pipes: str) -> None:
        self._to: TextIO = open(f"{pipes}.in", "w")  # noqa: SIM115 (as long as the controller lives)
        self._told: TextIO = open(f"{pipes}.out")  # noqa: SIM115
        self._pid = int(self.hear())

    def hear(self) -> str:
        """Return the next line that it says, without its end."""
        return self._told.readline().rstrip("\n")

    def send(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)

    def kill(self) -> None:
        """Kill it, and return when it is gone."""
        self.send(signal.SIGKILL)
        self._told.read()
        self._close()

    def go_on(self) -> str:
        """Have it go on from where it stopped, and return its last word when it has ended."""
        self._to.write("\n")
        self._to.flush()
        said = self._told.read()
        self._close()
        return said.strip()

    def _close(self) -> None:
        self._to.close()
        self._told.close()


class Controllers:
    """Begins one after the other."""

    def __init__(self, place: Place) -> None:
        self._folder = place.folder
        self._numbers = count(1)
        self._process = place.start("controller")

    def begin(self, verb: str, step: str, moment: str) -> Controller:
        """Have a verb begun that stops before or after a step; `hear` tells when it stands there."""
        pipes = f"{self._folder}/controller-{next(self._numbers)}"
        for name in ("in", "out"):
            os.mkfifo(f"{pipes}.{name}", 0o600)
        assert self._process.stdin
        self._process.stdin.write(f"{pipes} {verb} {step.replace(' ', '_')} {moment}\n")
        self._process.stdin.flush()
        return Controller(pipes)
