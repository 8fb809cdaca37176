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

from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from rich.console import Console

from infra.databases import pools
from infra.databases.embedded import EmbeddedServer
from infra.databases.preparation import embedded_server, prepare, require_databases, require_migrated
from infra.deployment import gunicorn
from monolith.serving.checkout_lock import only_shop
from monolith.serving.connection_budget import budgets
from monolith.serving.web_server import HOST, CannotServe, WebServer, require_free_port
from monolith.serving.welcome import welcome

# Longer than gunicorn gives the requests in flight.
STOP_SECONDS = gunicorn.graceful_timeout + 5


class StopRequested(BaseException):
    """Ctrl-C or a signal came while the shop was being prepared."""


class Command(BaseCommand):
    help = "Prepare the databases, fill an empty shop with a sample catalogue, and serve it on 127.0.0.1:$PORT."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self._began = time.perf_counter()
        self._console = Console(highlight=False, soft_wrap=True)
        if settings.EMBEDDED_SERVER is None:
            self._hand_over_to_gunicorn()
        port = int(gunicorn.bind.rpartition(":")[2])
        self._stops = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        try:
            self._serve(port)
        except StopRequested:
            self._console.print("Stopped before the shop was open.")

    def _hand_over_to_gunicorn(self) -> None:
        """In production: look at the databases, then become gunicorn, which thus gets the orchestrator's signals itself."""
        require_databases()
        require_migrated()
        pools.close_all()
        command = [sys.executable, "-m", "gunicorn", "-c", "infra/deployment/gunicorn.py", "monolith.wsgi:application"]
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, command)  # noqa: S606

    def _serve(self, port: int) -> None:
        with ExitStack() as stack:
            stack.enter_context(only_shop(settings.STATE_DIR, port))
            require_free_port(port)
            if database := embedded_server():
                self._step("PostgreSQL", lambda: stack.enter_context(database.in_use()))
            self._step("schemas and migrations", lambda: prepare(self._detail))
            self._fill_empty_shop()
            accounts = self._demo_accounts()
            processes = gunicorn.workers
            planned = budgets(processes)
            pools.close_all()
            server = WebServer(port, Path(settings.BASE_DIR))
            self._step("web server", server.start)
            stack.callback(self._stop, server)
            server.wait_until_it_answers()
            address = f"http://{HOST}:{port}"
            self._console.print()
            self._console.print(welcome(address, accounts, planned, time.perf_counter() - self._began))
            self._watch(server, database)

    def _fill_empty_shop(self) -> None:
        if "sample_catalogue" in get_commands() and not apps.get_model("catalog", "Product")._default_manager.exists():
            self._step("sample catalogue", lambda: call_command("sample_catalogue"))

    def _demo_accounts(self) -> str:
        if "demo_accounts" not in get_commands():
            return ""
        said = StringIO()
        self._step("demo accounts", lambda: call_command("demo_accounts", stdout=said))
        return said.getvalue().strip()

    def _watch(self, server: WebServer, database: EmbeddedServer | None) -> None:
        """Stay until a signal comes or the web server ends by itself."""
        self._opened = True
        while not self._stops:
            if server.wait(0.5):
                raise CannotServe(
                    f"The web server ended by itself (exit code {server.ended()}); its reason stands above."
                )
            if database and not database.is_running():
                self._console.print("PostgreSQL ended by itself; starting it again.")
                database.start()

    def _stop(self, server: WebServer) -> None:
        if server.ended() is not None:
            return
        self._opened = True  # from here on, signals only count
        self._console.print("Stopping: requests in flight are finished first (Ctrl-C again cuts them off).")
        server.stop()
        asked, deadline = self._stops, time.monotonic() + STOP_SECONDS
        while not server.wait(0.1):
            if self._stops > asked or time.monotonic() > deadline:
                server.stop(at_once=True)
                asked = self._stops
        self._console.print("Stopped.")

    _opened = False

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._stops += 1
        if not self._opened:
            raise StopRequested

    def _step(self, name: str, work: Callable[[], Any]) -> None:
        began = time.perf_counter()
        self._console.print(f"[dim]{began - self._began:5.1f} s[/]  {name} ...")
        work()

    def _detail(self, line: str) -> None:
        self._console.print(f"[dim]         {line}[/]")
