"""`manage.py serve`: what `make run` calls. Everything from an empty folder to an open shop, and back down again."""

from __future__ import annotations

from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from infra.contracts import resolve
from infra.databases import pools
from infra.databases.preparation import embedded_server, prepare, require_databases, require_migrated
from infra.deployment import gunicorn
from infra.deployment.serving.broker import require_broker
from infra.deployment.serving.checkout_lock import only_one
from infra.deployment.serving.connection_budget import budgets
from infra.deployment.serving.supervision import StopRequested, Supervision
from infra.deployment.serving.web_server import HOST, WebServer, become_gunicorn, require_free_port
from modules.catalog.contract import CatalogContract
from monolith.serving.welcome import welcome

APPLICATION = "monolith.wsgi:application"


class Command(BaseCommand):
    help = "Prepare the databases, fill an empty shop with a sample catalogue, and serve it on 127.0.0.1:$PORT."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMBEDDED_SERVER is None:  # in production: look at the databases, then become gunicorn
            require_databases()
            require_migrated()
            pools.close_all()
            become_gunicorn(APPLICATION, settings.BASE_DIR)
        self._supervision = Supervision()
        try:
            self._serve(int(gunicorn.bind.rpartition(":")[2]))
        except StopRequested:
            self._supervision.console.print("Stopped before the shop was open.")

    def _serve(self, port: int) -> None:
        step = self._supervision.step
        with ExitStack() as stack:
            lock = stack.enter_context(only_one(settings.STATE_DIR, "shop"))
            self._supervision.clean_up_after(lock)
            require_free_port(port, advice="choose another port: PORT={free} make run")
            require_broker(settings.CELERY_BROKER_URL)
            lock.note(port)
            database = embedded_server()
            if database:
                step("PostgreSQL", lambda: stack.enter_context(database.in_use()))
            step("schemas and migrations", lambda: prepare(self._supervision.detail))
            self._fill_empty_shop()
            accounts = self._demo_accounts()
            planned = budgets(gunicorn.workers)
            pools.close_all()
            server = WebServer(APPLICATION, port, Path(settings.BASE_DIR))
            stack.callback(self._supervision.stop, server)
            step("web server", server.start)
            lock.note(port, server.pid)
            server.wait_until_it_answers()
            text = welcome(f"http://{HOST}:{port}", accounts, planned, self._supervision.seconds)
            self._supervision.console.print("", text, sep="\n")
            self._supervision.watch(server, database)

    def _fill_empty_shop(self) -> None:
        if not settings.SAMPLE_CATALOGUE or "sample_catalogue" not in get_commands():
            return
        shown = resolve(CatalogContract).browse(text="", currency=settings.SHOP_CURRENCY, after=None, limit=1)
        if not shown.products:  # the command does nothing to a catalogue whose products are merely not on sale
            self._supervision.step("sample catalogue", lambda: call_command("sample_catalogue"))

    def _demo_accounts(self) -> str:
        if not settings.DEMO_ACCOUNTS or "demo_accounts" not in get_commands():
            return ""
        said = StringIO()
        self._supervision.step("demo accounts", lambda: call_command("demo_accounts", stdout=said))
        return said.getvalue().strip()
