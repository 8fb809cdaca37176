"""Small HTTP servers that stand behind the edge as web app and service: they say who they are and what reached them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.extraction.fence import HOLD_HEADER


class Behind:
    """What one server does, and what it was asked."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.refuses_writes = False  # as the fence has a module's old side do
        self.refused = 0  # so many writes
        self.break_next = 0  # so many connections are closed once the request was read
        self.writes: list[str] = []  # bodies of what was done
        self._lock = threading.Lock()
        self._slow = threading.Event()
        self._slow.set()
        self.waiting = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_HEAD = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients may go away."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.dial = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.dial}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._slow.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Within the block every request waits."""
        self._slow.clear()
        try:
            yield
        finally:
            self._slow.set()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            self.waiting += 1
        self._slow.wait(20)
        with self._lock:
            self.waiting -= 1
            if self.break_next:
                self.break_next -= 1
                handler.close_connection = True
                handler.connection.close()
                return
            writes = handler.command not in ("GET", "HEAD", "OPTIONS")
            refused = writes and self.refuses_writes
            self.refused += refused
            if writes and not refused:
                self.writes.append(body.decode("latin-1"))
        said = json.dumps(
            {"from": self.name, "path": handler.path, "headers": dict(handler.headers), "size": len(body)}
        )
        handler.send_response(503 if refused else 200)
        if refused:
            handler.send_header(HOLD_HEADER, "1")
        handler.send_header("Content-Length", str(len(said)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(said.encode())
