"""The service of the tests as a process: says its port, serves calls and events, and relays when it is told to."""

from __future__ import annotations

import sys
import threading

import django

django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402

from infra.events.relay import start_in_background, stop_in_background  # noqa: E402
from infra.extraction.record import presence  # noqa: E402


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


def main() -> None:
    presence.start()
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    server.set_app(WSGIHandler())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "relay":
            start_in_background()
        elif line.strip() == "rest":
            stop_in_background()
        sys.stdout.write("done\n")
        sys.stdout.flush()
    stop_in_background()
    presence.stop()


if __name__ == "__main__":
    main()
