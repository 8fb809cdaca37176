"""Controllers without the seconds in which each would load the shop: forks of one process that has loaded it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.02
_never = threading.Event()


@dataclass(frozen=True, slots=True)
class Moved:
    """How a verb ended: with 0 and what it returned, with 1 and why it was refused, or killed."""

    code: int
    told: dict[str, Any]
    report: str

    def result(self) -> dict[str, Any]:
        """Return what the verb returned.

        Raises:
            AssertionError: it was not carried out; with everything that it said.
        """
        assert self.code == 0, f"exit code {self.code}: {self.told.get('refused', '')}\n{self.report[-3000:]}"
        return self.told


class Controllers:
    """Has verbs carried out, several at once if need be, until `close`; the first order starts the process.

    Args:
        folder: of what they say.
    """

    def __init__(self, command: Sequence[str], *, checkout: Path, environment: Mapping[str, str], folder: Path) -> None:
        self.checkout = checkout
        self._command, self._environment, self._folder = command, environment, folder
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def close(self) -> None:
        """Take no more orders."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(30)

    def carry_out(self, module: str, verb: str, options: Mapping[str, Any], fate: str, *, timeout: float) -> Moved:
        """Have one verb carried out by a process of its own, and return how it ended.

        Raises:
            AssertionError: it did not end in time.
        """
        with self._lock:
            place = self._folder / f"{next(self._numbers)}-{verb}"
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._process is None:
                self._process = self._started()
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps([str(place), module, verb, json.dumps(options), fate]) + "\n")
            self._process.stdin.flush()
        end = time.monotonic() + timeout
        ended = place.with_suffix(".code")
        while not ended.exists():
            assert time.monotonic() < end, f"{verb} takes longer than {timeout:.0f} s: {place}"
            assert self._process.poll() is None, f"nobody carries orders out any more: {self._folder}"
            _never.wait(POLL_SECONDS)
        said = place.with_suffix(".out").read_text()
        return Moved(int(ended.read_text()), json.loads(said) if said else {}, place.with_suffix(".err").read_text())

    def _started(self) -> subprocess.Popen[str]:
        with (self._folder / "controllers.log").open("ab") as log:
            return subprocess.Popen(
                self._command,
                cwd=self.checkout,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
