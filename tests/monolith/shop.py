"""`manage.py` as a person starts it: a process of its own, with a state folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

# What the tests' own settings and servers are named by must not reach a shop of its own.
FOREIGN = ("DJANGO_SETTINGS_MODULE", "BANYAN_TEST_SERVER_URL", "PYTEST_CURRENT_TEST")
OPENING_SECONDS = 90  # with others on the machine
Variables = dict[str, str]


def variables(state: Path, **more: str) -> Variables:
    inherited = {
        name: value for name, value in os.environ.items() if name not in FOREIGN and "DATABASE_URL" not in name
    }
    return {**inherited, "BANYAN_STATE_DIR": str(state), "SAMPLE_CATALOGUE": "no", "PYTHONUNBUFFERED": "1", **more}


def manage(arguments: list[str], environment: Variables) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


class Shop:
    """A running `manage.py serve`, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str) -> None:
        with self._more:
            found = self._more.wait_for(lambda: text in self.said or self.process.poll() is not None, OPENING_SECONDS)
        assert found, self.said
        assert text in self.said, self.said

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and return the exit code, once all that was said is read."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(OPENING_SECONDS)
        self._reader.join(OPENING_SECONDS)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self.said += line
                self._more.notify_all()
        with self._more:
            self._more.notify_all()


@contextmanager
def open_shop(environment: Variables) -> Iterator[Shop]:
    command = [sys.executable, "manage.py", "serve"]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        shop = Shop(process)
        try:
            shop.wait_for("Ctrl-C stops everything")
            yield shop
        finally:
            shop.end()
