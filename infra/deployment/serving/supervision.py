"""A start in steps that a person can follow, and the watch over what was started, until a signal ends it in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from rich.console import Console

from infra.databases.embedded import EmbeddedServer
from infra.deployment import gunicorn
from infra.deployment.serving.checkout_lock import CheckoutLock
from infra.deployment.serving.web_server import CannotServe, WebServer, end_left_behind

# Longer than gunicorn gives the requests in flight.
STOP_SECONDS = gunicorn.graceful_timeout + 5


class StopRequested(BaseException):
    """Ctrl-C or a signal came while everything was being prepared."""


class Supervision:
    """Takes the signals of this process from its making on: while preparing they break off, while watching they end it."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._began = time.perf_counter()
        self._signals = 0
        self._only_count_signals = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._began

    def step(self, name: str, work: Callable[[], Any]) -> None:
        self.console.print(f"[dim]{self.seconds:5.1f} s[/]  {name} ...")
        work()

    def detail(self, line: str) -> None:
        self.console.print(f"[dim]         {line}[/]")

    def clean_up_after(self, lock: CheckoutLock) -> None:
        """End the web server of a start that was killed; its PostgreSQL is adopted."""
        if lock.before and lock.before["web_server"] and end_left_behind(lock.before["web_server"]):
            self.console.print("Ended the web server that an interrupted start had left behind.")

    def watch(self, server: WebServer, database: EmbeddedServer | None) -> None:
        """Stay until a signal comes.

        Raises:
            CannotServe: the web server ended by itself.
        """
        self._only_count_signals = True
        while not self._signals:
            if server.wait(0.2):
                raise CannotServe(
                    f"The web server ended by itself (exit code {server.ended()}); its reason stands above."
                )
            if database and not database.is_running():
                self.console.print("PostgreSQL ended by itself; starting it again.")
                database.start()

    def stop(self, server: WebServer) -> None:
        """Let requests in flight end; another signal cuts them off."""
        self._only_count_signals = True
        if server.pid is None or server.ended() is not None:
            return
        self.console.print("Stopping: requests in flight are finished first (Ctrl-C again cuts them off).")
        server.stop()
        seen, deadline = self._signals, time.monotonic() + STOP_SECONDS
        while not server.wait(0.1):
            if self._signals > seen or time.monotonic() > deadline:
                server.stop(at_once=True)
                seen = self._signals
        self.console.print("Stopped.")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if not self._only_count_signals:
            raise StopRequested
