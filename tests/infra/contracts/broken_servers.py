"""A server that does, connection by connection, what it is told: to answer, to fail, to be silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, threading.Event], None]


def answers(body: bytes, *, status: str = "200 OK", outcome: str | None = "result") -> Behaviour:
    """Return a behaviour: one complete answer; then the connection ends."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        outcome_line = f"Banyan-Outcome: {outcome}\r\n" if outcome else ""
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{outcome_line}Connection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return behave


def hangs_up(connection: socket.socket, ended: threading.Event) -> None:
    """Close the connection after the request was read, without a word."""


def is_silent(connection: socket.socket, ended: threading.Event) -> None:
    """Keep the connection, and never answer."""
    ended.wait(timeout=30)


def drips(connection: socket.socket, ended: threading.Event) -> None:
    """Send an answer byte by byte, each in time by itself."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nBanyan-Outcome: result\r\nContent-Length: 1000\r\n\r\n")
    while not ended.wait(timeout=0.05):
        try:
            connection.sendall(b" ")
        except OSError:
            return


@dataclass
class BrokenServer:
    """Listens on a port; the nth connection meets the nth behaviour, the last one is kept."""

    behaviours: list[Behaviour]
    requests: list[bytes] = field(default_factory=list)
    connected: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            behaviour = self.behaviours[min(number, len(self.behaviours) - 1)]
            number += 1
            thread = threading.Thread(target=self._serve, args=(connection, behaviour), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        with connection:
            self.requests.append(_read_request(connection))
            self.connected.release()
            behaviour(connection, self._ended)


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
