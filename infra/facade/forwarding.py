"""Carrying requests to a module's service: pooled connections, few at once, and nobody asks twice what must be done once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.response import BaseHTTPResponse, HTTPResponse

from infra.contracts.resilience import CircuitBreaker, RetryBudget
from infra.facade.messages import Incoming, Outgoing

# A server in the same network accepts a connection in milliseconds; one that does not in a second will not soon.
CONNECT_SECONDS = 1.0
# A read that can be answered here as well is not waited for much longer than a slow page takes.
READ_SECONDS_WITH_FALLBACK = 2.0
# A service that works gives a place back in milliseconds.
SLOT_SECONDS = 1.0
# How long a service that does not listen may take to come back; one that restarts takes less than half a second.
RESTART_SECONDS = 2.0
_PAUSE_SECONDS = 0.05
_MOST_ATTEMPTS = 3
# What is larger goes through piece by piece.
_WHOLE_BYTES = 1024 * 1024
_PIECE_BYTES = 64 * 1024


class ForwardingFailed(Exception):
    """The service gave no answer."""


class NotSent(ForwardingFailed):
    """Nothing of the request reached the service: nobody listens, or too many ask already."""


class AnswerLost(ForwardingFailed):
    """The service may have done what was asked.

    Args:
        late: it did not answer in time; otherwise the connection broke.
    """

    def __init__(self, detail: str, *, late: bool) -> None:
        super().__init__(detail)
        self.late = late


class _TurnedAway(NotSent):
    """Our own decision not to ask; asking again at once would decide the same."""


class Peer:
    """One service at one address, for all threads of this process.

    Args:
        slots: requests at once. Fewer than a web process has threads: when the service hangs, the others are left for those
            that do without it.
        shared_slots: those of all services together, or two hanging ones would take every thread.
    """

    def __init__(
        self,
        address: str,
        *,
        slots: int,
        shared_slots: threading.BoundedSemaphore | None = None,
        slot_seconds: float = SLOT_SECONDS,
    ) -> None:
        self.address = address
        self.breaker = CircuitBreaker()
        self.budget = RetryBudget()
        self.restart_seconds = RESTART_SECONDS
        self._slot_seconds = slot_seconds
        parts = urlsplit(address)
        self._base = parts.path.rstrip("/")
        self._kind = urllib3.HTTPSConnectionPool if parts.scheme == "https" else urllib3.HTTPConnectionPool
        self._host, self._port = parts.hostname or "", parts.port
        self._slots = [threading.BoundedSemaphore(slots), *([shared_slots] if shared_slots else [])]
        self._kept = self._connections(slots)

    def send(self, sent: Outgoing, *, seconds: float, may_wait: bool) -> Incoming:
        """Return the service's answer, whatever it is.

        What reached nobody is sent again whatever it is; what may have been done, only where that is harmless.

        Args:
            seconds: how long an answer may take.
            may_wait: whether a service that does not listen gets the time of a restart; no where somebody else can answer.

        Raises:
            NotSent: nothing was done.
            AnswerLost: perhaps it was.
        """
        self.budget.count_call()
        restarted_by = time.monotonic() + (self.restart_seconds if may_wait else 0.0)
        attempt = 1
        self._take_slot()
        try:
            if not self.breaker.lets_through():
                raise _TurnedAway(f"{self.address} failed too often; it is left alone a moment.")
            while True:
                try:
                    answer = self._exchange(sent, seconds)
                except NotSent:
                    if time.monotonic() + _PAUSE_SECONDS >= restarted_by or not isinstance(sent.body, bytes | None):
                        self.breaker.failed()
                        raise
                    time.sleep(_PAUSE_SECONDS)
                except AnswerLost as error:
                    self.breaker.failed()
                    attempt += 1
                    if not sent.is_repeatable or error.late or attempt > _MOST_ATTEMPTS or not self.budget.take_retry():
                        raise
                else:
                    self.breaker.succeeded()
                    break
        except BaseException:
            self._give_slot_back()
            raise
        if answer.rest is None:
            self._give_slot_back()
        return answer

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._kept.close()

    def _connections(self, most: int) -> urllib3.HTTPConnectionPool:
        return self._kind(self._host, self._port, maxsize=most, block=False)

    def _take_slot(self) -> None:
        taken: list[threading.BoundedSemaphore] = []
        deadline = time.monotonic() + self._slot_seconds
        for slots in self._slots:
            if not slots.acquire(timeout=max(0.0, deadline - time.monotonic())):
                for held in taken:
                    held.release()
                raise _TurnedAway(f"Too many requests wait for {self.address}.")
            taken.append(slots)

    def _give_slot_back(self) -> None:
        for slots in self._slots:
            slots.release()

    def _exchange(self, sent: Outgoing, seconds: float) -> Incoming:
        # The service may close a kept connection in the very moment that we write to it. Then nobody knows whether the
        # request was taken, so what must not be repeated gets a connection of its own.
        pool = self._kept if sent.is_repeatable else self._connections(1)
        deadline = time.monotonic() + seconds
        response: BaseHTTPResponse | None = None
        try:
            response = pool.urlopen(
                sent.method,
                self._base + sent.target,
                body=iter(()) if sent.is_chunked else sent.body,
                headers=sent.headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds),
                preload_content=False,
                decode_content=False,
                chunked=sent.is_chunked,
            )
            head = Incoming(
                status=response.status, reason=response.reason or "", headers=list(response.headers.items()), body=b""
            )
            body, complete = self._first_part(response, deadline)
        except (NewConnectionError, ConnectTimeoutError) as error:
            self._end(response, pool)
            raise NotSent(f"{self.address} cannot be reached: {error}") from error
        except (ReadTimeoutError, TimeoutError) as error:
            self._end(response, pool)
            raise AnswerLost(f"{self.address} did not answer within {seconds:g} s.", late=True) from error
        except (HTTPError, OSError) as error:
            self._end(response, pool)
            raise AnswerLost(f"The connection to {self.address} broke: {error}", late=False) from error
        if complete:
            response.release_conn()
            if pool is not self._kept:
                pool.close()
            return Incoming(status=head.status, reason=head.reason, headers=head.headers, body=body)
        rest = _Rest(self, body, response, pool)
        return Incoming(status=head.status, reason=head.reason, headers=head.headers, body=b"", rest=rest)

    def _first_part(self, response: BaseHTTPResponse, deadline: float) -> tuple[bytes, bool]:
        """Return what fits into one piece of memory, and whether that is all."""
        parts: list[bytes] = []
        size = 0
        while size <= _WHOLE_BYTES:
            part = _piece(response)
            if not part:
                return b"".join(parts), True
            parts.append(part)
            size += len(part)
            if time.monotonic() > deadline:  # one that sends drop by drop
                raise TimeoutError
        return b"".join(parts), False

    def _end(self, response: BaseHTTPResponse | None, pool: urllib3.HTTPConnectionPool) -> None:
        if response is not None:
            response.close()
        if pool is not self._kept:
            pool.close()


class _Rest:
    """The pieces of an answer that is too large to be held; gives its place back at the end, however that comes."""

    def __init__(self, peer: Peer, first: bytes, response: BaseHTTPResponse, pool: urllib3.HTTPConnectionPool) -> None:
        self._peer, self._first, self._response, self._pool = peer, first, response, pool
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        piece = b"" if self._ended else _piece(self._response)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        if not self._ended:
            self._ended = True
            self._peer._end(self._response, self._pool)
            self._peer._give_slot_back()


def _piece(response: BaseHTTPResponse) -> bytes:
    """Return what has come by now, at least a byte; nothing at the end. To fill a piece, `read` would wait for a slow sender."""
    assert isinstance(response, HTTPResponse)
    return response.read1(_PIECE_BYTES)


_peers: dict[str, Peer] = {}
_shared: list[threading.BoundedSemaphore] = []
_lock = threading.Lock()


def peer_at(address: str) -> Peer:
    """Return the one peer of this process for an address."""
    peer = _peers.get(address)
    if peer is None:
        with _lock:
            if not _shared:
                _shared.append(threading.BoundedSemaphore(settings.FACADE_FORWARDS_AT_ONCE))
            # Half of the threads for one service that hangs, and a quarter left when two do.
            slots = max(1, (settings.FACADE_FORWARDS_AT_ONCE + 2) // 2)
            peer = _peers.setdefault(address, Peer(address, slots=slots, shared_slots=_shared[0]))
    return peer


def close_peers() -> None:
    """Forget all services, at the end of a process or test."""
    with _lock:
        for peer in _peers.values():
            peer.close()
        _peers.clear()
        _shared.clear()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _peers.clear()  # the connections are the parent's
    _shared.clear()


os.register_at_fork(after_in_child=_after_fork)
