"""A TCP link that a test can cut, slow down, stop in one direction, or break at the worst moment.

    with Link(("127.0.0.1", 5432)) as link:
        connection = psycopg.connect(link.through(url))
        link.cut()

It knows nothing of what it carries, and everything is done in threads of the calling process.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

Direction = Literal["there", "back"]  # from who connected to who was connected to, and the other way
_BLOCK = 65536


class Link:
    """A door on a port of its own that leads to `address`; while it is cut, nobody is let in."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.delay_seconds = 0.0  # before each block, in both directions
        self.passed = {"there": 0, "back": 0}  # bytes
        self.broken_on_purpose = 0  # connections that were reset after `lose_answer_to`
        self._open: set[socket.socket] = set()
        self._changing = threading.Lock()
        self._is_cut = False
        self._ended = False
        self._flows: dict[Direction, threading.Event] = {"there": threading.Event(), "back": threading.Event()}
        for flow in self._flows.values():
            flow.set()
        self._last_words: bytes | None = None
        self._threads: list[threading.Thread] = []
        self._start(self._receive_guests)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ended = True
        self.resume()
        self.cut()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for guests
        self._door.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def through(self, url: str) -> str:
        """Return the address (PostgreSQL, HTTP, Redis, AMQP: any with a host) as it is reached by this link."""
        if "://" not in url:
            return f"{url} host=127.0.0.1 port={self.port}"  # libpq takes the last of each
        parts = urlsplit(url)
        login, _, _ = parts.netloc.rpartition("@")
        place = f"127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=f"{login}@{place}" if login else place))

    def lead_to(self, address: tuple[str, int]) -> None:
        """Lead who comes from now on to another place, as after a restart on another port."""
        self._address = address

    def cut(self) -> None:
        """Reset every connection and let nobody in until `mend`; what was on its way is lost."""
        with self._changing:
            self._is_cut = True
            gone, self._open = self._open, set()
        for each in gone:
            _reset(each)

    def mend(self) -> None:
        """Let connections in again."""
        self._is_cut = False

    @contextmanager
    def being_cut(self) -> Iterator[None]:
        """Be cut within the block."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def stop(self, *directions: Direction) -> None:
        """Keep connections open and pass nothing on in these directions, in both when none is named: a half-open link."""
        for direction in directions or ("there", "back"):
            self._flows[direction].clear()

    def resume(self) -> None:
        """Pass on what waited, and all that follows."""
        for flow in self._flows.values():
            flow.set()

    def lose_answer_to(self, words: bytes) -> None:
        """Reset the next connection that sends `words`, once the other end has answered: nobody here learns the outcome."""
        self._last_words = words

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _receive_guests(self) -> None:
        while not self._ended:
            try:
                guest, _ = self._door.accept()
            except OSError:
                return
            if self._is_cut:
                _reset(guest)
                continue
            try:
                host = socket.create_connection(self._address, timeout=10)
                host.settimeout(None)
            except OSError:
                _reset(guest)
                continue
            for each in (guest, host):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changing:
                self._open |= {guest, host}
                is_cut = self._is_cut
            if is_cut:
                self.cut()
                continue
            fatal = threading.Event()
            self._start(self._pass_on, guest, host, "there", fatal)
            self._start(self._pass_on, host, guest, "back", fatal)

    def _pass_on(self, here: socket.socket, there: socket.socket, direction: Direction, fatal: threading.Event) -> None:
        with suppress(OSError):
            while block := here.recv(_BLOCK):
                if self.delay_seconds:
                    time.sleep(self.delay_seconds)
                self._flows[direction].wait()
                if direction == "back" and fatal.is_set():
                    self.broken_on_purpose += 1
                    break
                if direction == "there" and self._last_words and self._last_words in block:
                    self._last_words = None
                    fatal.set()
                there.sendall(block)
                self.passed[direction] += len(block)
            else:
                there.shutdown(socket.SHUT_WR)  # it said all; the other direction may go on
                return
        with self._changing:
            self._open -= {here, there}
        for each in (here, there):
            _reset(each)


def _reset(connection: socket.socket) -> None:
    """Close so that the other end sees a reset, not an orderly end."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)  # wakes whoever reads from it here
    with suppress(OSError):
        connection.close()
