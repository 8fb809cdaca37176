"""A small closed-loop load generator: n clients, each sending its next request when the last is answered.

Plain sockets and keep-alive, because on two cores the generator's own cost is part of every figure; it is the same for both
sides of a ratio. Its tail latencies are those of a closed loop.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to send, and the status that is expected of it."""

    raw: bytes
    expected: int = 200


@dataclass(slots=True)
class Result:
    """What a run measured; latencies in milliseconds, sorted."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    unexpected: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)


def get(path: str, port: int) -> Request:
    return Request(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode())


def post(path: str, port: int, body: bytes, *, token: str = "", expected: int = 201) -> Request:
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return Request("\r\n".join(head).encode() + b"\r\n\r\n" + body, expected)


def run(port: int, next_request: Callable[[], Request], *, clients: int, seconds: float) -> Result:
    """Send requests from `clients` connections for `seconds` and return what was measured."""
    result = Result(seconds)
    guard = threading.Lock()
    end = time.perf_counter() + seconds

    def client() -> None:
        connection = _Connection(port)
        own: list[float] = []
        while (began := time.perf_counter()) < end:
            request = next_request()
            status = connection.ask(request.raw)
            own.append((time.perf_counter() - began) * 1000)
            if status != request.expected:
                with guard:
                    result.unexpected[status] = result.unexpected.get(status, 0) + 1
        connection.close()
        with guard:
            result.latencies += own

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.latencies.sort()
    return result


class _Connection:
    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, raw: bytes) -> int:
        try:
            self._socket.sendall(raw)
            return self._answer()
        except ConnectionError:
            self._open()  # the server closed an idle connection
            self._socket.sendall(raw)
            return self._answer()

    def _answer(self) -> int:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head = data[:end].lower()
        start = head.find(b"content-length:")
        if start < 0:
            raise ConnectionError("An answer without Content-Length.")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0])
        missing = end + 4 + length - len(data)
        while missing > 0:
            missing -= len(self._receive())
        if b"connection: close" in head:
            self._socket.close()
            self._open()
        return int(head[9:12])

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("The server closed the connection.")
        return data

    def close(self) -> None:
        self._socket.close()
