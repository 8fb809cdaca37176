"""`manage.py serve`: what `make run` calls. Everything from an empty folder to an open shop, and back down again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from rich.console import Console

from infra.contracts import resolve
from infra.databases import pools
from infra.databases.embedded import EmbeddedServer
from infra.databases.preparation import embedded_server, prepare, require_databases, require_migrated
from infra.deployment import gunicorn
from modules.catalog.contract import CatalogContract
from monolith.serving.broker import require_broker
from monolith.serving.checkout_lock import CheckoutLock, only_shop
from monolith.serving.connection_budget import budgets
from monolith.serving.web_server import (
    APPLICATION,
    CONFIGURATION,
    HOST,
    CannotServe,
    WebServer,
    end_left_behind,
    require_free_port,
)
from monolith.serving.welcome import welcome

# Longer than gunicorn gives the requests in flight.
STOP_SECONDS = gunicorn.graceful_timeout + 5


class StopRequested(BaseException):
    """Ctrl-C or a signal came while the shop was being prepared."""


class Command(BaseCommand):
    help = "Prepare the databases, fill an empty shop with a sample catalogue, and serve it on 127.0.0.1:$PORT."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMBEDDED_SERVER is None:
            self._become_gunicorn()
        self._began = time.perf_counter()
        self._console = Console(highlight=False, soft_wrap=True)
        self._signals = 0
        self._only_count_signals = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._serve(int(gunicorn.bind.rpartition(":")[2]))
        except StopRequested:
            self._console.print("Stopped before the shop was open.")

    def _become_gunicorn(self) -> None:
        """In production: look at the databases, then become gunicorn, which thus gets the orchestrator's signals itself."""
        require_databases()
        require_migrated()
        pools.close_all()
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", CONFIGURATION, APPLICATION])  # noqa: S606

    def _serve(self, port: int) -> None:
        with ExitStack() as stack:
            lock = stack.enter_context(only_shop(settings.STATE_DIR))
            self._clean_up_after(lock)
            require_free_port(port)
            require_broker(settings.CELERY_BROKER_URL)
            lock.note(port)
            database = embedded_server()
            if database:
                self._step("PostgreSQL", lambda: stack.enter_context(database.in_use()))
            self._step("schemas and migrations", lambda: prepare(self._detail))
            self._fill_empty_shop()
            accounts = self._demo_accounts()
            planned = budgets(gunicorn.workers)
            pools.close_all()
            server = WebServer(port, Path(settings.BASE_DIR))
            stack.callback(self._stop, server)
            self._step("web server", server.start)
            lock.note(port, server.pid)
            server.wait_until_it_answers()
            seconds = time.perf_counter() - self._began
            self._console.print("", welcome(f"http://{HOST}:{port}", accounts, planned, seconds), sep="\n")
            self._watch(server, database)

    def _clean_up_after(self, lock: CheckoutLock) -> None:
        """End the web server of a start that was killed; its PostgreSQL is adopted."""
        if lock.before and lock.before["web_server"] and end_left_behind(lock.before["web_server"]):
            self._console.print("Ended the web server that an interrupted start had left behind.")

    def _fill_empty_shop(self) -> None:
        if not settings.SAMPLE_CATALOGUE or "sample_catalogue" not in get_commands():
            return
        shown = resolve(CatalogContract).browse(text="", currency=settings.SHOP_CURRENCY, after=None, limit=1)
        if not shown.products:  # the command does nothing to a catalogue whose products are merely not on sale
            self._step("sample catalogue", lambda: call_command("sample_catalogue"))

    def _demo_accounts(self) -> str:
        if not settings.DEMO_ACCOUNTS or "demo_accounts" not in get_commands():
            return ""
        said = StringIO()
        self._step("demo accounts", lambda: call_command("demo_accounts", stdout=said))
        return said.getvalue().strip()

    def _watch(self, server: WebServer, database: EmbeddedServer | None) -> None:
        """Stay until a signal comes or the web server ends by itself."""
        self._only_count_signals = True
        while not self._signals:
            if server.wait(0.2):
                raise CannotServe(
                    f"The web server ended by itself (exit code {server.ended()}); its reason stands above."
                )
            if database and not database.is_running():
                self._console.print("PostgreSQL ended by itself; starting it again.")
                database.start()

    def _stop(self, server: WebServer) -> None:
        self._only_count_signals = True
        if server.pid is None or server.ended() is not None:
            return
        self._console.print("Stopping: requests in flight are finished first (Ctrl-C again cuts them off).")
        server.stop()
        seen, deadline = self._signals, time.monotonic() + STOP_SECONDS
        while not server.wait(0.1):
            if self._signals > seen or time.monotonic() > deadline:
                server.stop(at_once=True)
                seen = self._signals
        self._console.print("Stopped.")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if not self._only_count_signals:
            raise StopRequested

    def _step(self, name: str, work: Callable[[], Any]) -> None:
        self._console.print(f"[dim]{time.perf_counter() - self._began:5.1f} s[/]  {name} ...")
        work()

    def _detail(self, line: str) -> None:
        self._console.print(f"[dim]         {line}[/]")
