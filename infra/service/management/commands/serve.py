"""`manage.py serve` of a service: on a laptop everything from an empty folder to a service that answers, and back down again."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from infra.databases import pools
from infra.databases.preparation import embedded_server, prepare, require_databases
from infra.deployment.serving.broker import require_broker
from infra.deployment.serving.checkout_lock import only_one
from infra.deployment.serving.supervision import StopRequested, Supervision
from infra.deployment.serving.web_server import HOST, WebServer, become_gunicorn, require_free_port
from infra.service.following import require_record


class Command(BaseCommand):
    help = "Prepare the service's own database, and serve its module on 127.0.0.1."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self._application = settings.WSGI_APPLICATION.replace(".wsgi.", ".wsgi:")
        if settings.EMBEDDED_SERVER is None:  # in production: look at the databases, then become gunicorn
            require_databases()
            require_record()
            pools.close_all()
            become_gunicorn(self._application, settings.BASE_DIR)
        self._supervision = Supervision()
        try:
            self._serve(settings.SERVICE_OF)
        except StopRequested:
            self._supervision.console.print("Stopped before the service answered.")

    def _serve(self, module: str) -> None:
        step, say = self._supervision.step, self._supervision.console.print
        port = urlsplit(settings.SERVICE_ADDRESSES[module]).port or 80
        with ExitStack() as stack:
            lock = stack.enter_context(only_one(settings.STATE_DIR / "services" / module, f"service of {module}"))
            self._supervision.clean_up_after(lock)
            require_free_port(port, advice=f"choose another: {module.upper()}_SERVICE_URL=http://{HOST}:{{free}}")
            require_broker(settings.CELERY_BROKER_URL)
            require_record()
            lock.note(port)
            database = embedded_server()
            if database:
                step("PostgreSQL of its own", lambda: stack.enter_context(database.in_use()))
            step("schema and migrations", lambda: prepare(self._supervision.detail))
            pools.close_all()
            server = WebServer(self._application, port, Path(settings.BASE_DIR))
            stack.callback(self._supervision.stop, server)
            step("web server", server.start)
            lock.note(port, server.pid)
            server.wait_until_it_answers()
            address = f"http://{HOST}:{port}"
            say(
                f"\n[bold green]The service of {module} answers[/], after {self._supervision.seconds:.1f} s:"
                f"  [bold]{address}/_service[/]\n\n"
                f"  It gets no traffic yet. In the shop's folder:  python manage.py extract {module} plan\n"
                "Ctrl-C stops it; the data stay."
            )
            self._supervision.watch(server, database)
