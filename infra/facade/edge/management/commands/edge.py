"""`manage.py edge`: Caddy in front of the shop, which follows the record."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from infra.contracts import registry
from infra.deployment.serving.checkout_lock import address_of_running
from infra.extraction.record import presence
from infra.facade.edge.caddy import Caddy, CannotRun, admin_socket
from infra.facade.edge.configuration import Structure, written
from infra.facade.edge.routes import NotPlainHttp, RouteFiles, dial_of

WATCH_SECONDS = 0.2


class Command(BaseCommand):
    help = (
        "Run Caddy in front of the shop, until SIGTERM or Ctrl-C: modules that have left are reached directly, all others"
        " through the web app. It follows the record of moves; nothing has to be reloaded."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--monolith", metavar="URL", default="", help="where the web app answers")

    def handle(self, *args: Any, **options: Any) -> None:
        monolith = options["monolith"] or address_of_running(Path(settings.STATE_DIR)) or settings.MONOLITH_URL
        folder = Path(settings.STATE_DIR).resolve() / "edge"
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        try:
            structure = _structure(folder, dial_of(monolith))
            routes = RouteFiles(
                structure.routes,
                [manifest.name for manifest in settings.MANIFESTS],
                structure.monolith,
                {module: url for module, url in settings.MODULE_LOCATIONS.items() if url != registry.LOCAL},
            )
            routes.write({})
            # From here on the record is obeyed, before Caddy sends its first request anywhere.
            presence.on_change(routes.write)
            presence.start()
            caddy = Caddy(folder, structure.admin)
            try:
                caddy.start(written(structure, settings.MANIFESTS))
                scheme = "https" if structure.tls_names else "http"
                self.stdout.write(f"The edge listens on {scheme}://{structure.listen}, in front of {monolith}.")
                self.stdout.flush()
                while not stop.wait(WATCH_SECONDS):
                    routes.end_long_holds()
                    if (code := caddy.ended()) is not None:
                        raise CannotRun(f"Caddy ended by itself (exit code {code}); its reason stands above.")
            finally:
                caddy.stop()
                presence.stop()
        except (CannotRun, NotPlainHttp) as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write("Stopped.")


def _structure(folder: Path, monolith: str) -> Structure:
    folder.mkdir(parents=True, exist_ok=True)
    name = urlsplit(settings.SHOP_URL).hostname or "localhost"
    return Structure(
        listen=settings.EDGE_LISTEN,
        monolith=monolith,
        routes=folder / "routes",
        admin=admin_socket(folder),
        storage=folder / "certificates",
        session_cookie=settings.SESSION_COOKIE_NAME,
        tls_names=tuple(dict.fromkeys((name, "localhost"))) if settings.EDGE_TLS == "internal" else (),
        trusted_proxies=tuple(settings.EDGE_TRUSTED_PROXIES),
    )
