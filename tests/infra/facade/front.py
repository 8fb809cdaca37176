"""The single web app on a real socket, in threads of the test's own process, so that a test sees and changes what it knows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "RAW_URI": self.path}  # as gunicorn gives it

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def lower(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}


class Front:
    """Serves until `stop`."""

    def __init__(self) -> None:
        self.application = WSGIHandler()
        self._server = ThreadedWSGIServer(("127.0.0.1", 0), _Handler, connections_override=None)
        self._server.daemon_threads = True
        self._server.set_app(self.application)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        """Send one request on a connection of its own; `more` goes to `http.client`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {}, **more)
            response = connection.getresponse()
            return Answer(response.status, response.msg, response.read())
        finally:
            connection.close()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
