"""A service on a real socket that does what a test tells it: answer, be slow, break, refuse as a fenced one does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from infra.extraction.fence import HOLD_HEADER


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: Message
    body: bytes
    connection: int  # a number for each connection


Behaviour = Callable[["Handler", Received], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.service.lock:
            self.server.service.connections += 1
            self.number = self.server.service.connections
            self.server.service.open.add(self.connection)

    def finish(self) -> None:
        self.server.service.open.discard(self.connection)
        super().finish()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while self.rfile.readline().strip() not in (b"0", b""):
                pass
            self.rfile.readline()
        received = Received(self.command, self.path, self.headers, self.rfile.read(length), self.number)
        service = self.server.service
        with service.lock:
            service.received.append(received)
            service.now += 1
            service.most_at_once = max(service.most_at_once, service.now)
        try:
            service.behaviour(self, received)
        finally:
            with service.lock:
                service.now -= 1

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(Handler, f"do_{_method}", Handler._answer)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    service: Service

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


def answers(body: bytes = b'{"from":"service"}', status: int = 200, headers: dict[str, str] | None = None) -> Behaviour:
    return lambda handler, received: handler.send(status, body, headers)


def is_fenced(handler: Handler, received: Received) -> None:
    handler.send(503, b'{"code":"module_moved"}', {HOLD_HEADER: "1", "Retry-After": "1"})


def breaks(handler: Handler, received: Received) -> None:
    """Take the request and end the connection without a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def waits_for(event: threading.Event, then: Behaviour | None = None) -> Behaviour:
    def behave(handler: Handler, received: Received) -> None:
        assert event.wait(30)
        (then or answers())(handler, received)

    return behave


@dataclass
class Service:
    """Listens from `start` to `stop`, always on the same port."""

    behaviour: Behaviour = field(default_factory=answers)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    now: int = 0
    most_at_once: int = 0
    open: set[socket.socket] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    _server: _Server | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Service:
        self._server = _Server(("127.0.0.1", self.port), Handler)
        self._server.service = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            for connection in list(self.open):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
