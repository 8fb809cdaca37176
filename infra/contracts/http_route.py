"""The route to a module in another process: pooled connections, deadlines, retries, a circuit breaker per service."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import httpx

from infra.contracts.context import CallContext
from infra.contracts.declaration import Contract, Method
from infra.contracts.errors import ContractTimeout, ContractUnavailable, ContractViolation, ModuleMoved
from infra.contracts.resilience import CircuitBreaker, RetryBudget, full_jitter
from infra.contracts.signing import ServiceKey
from infra.contracts.wire import MAX_RESPONSE_BYTES, Answer, Caller, outcome_of, path_of, request_headers

MOST_ATTEMPTS = 3
# A server in the same network accepts a connection in milliseconds; one that does not in a second will not soon.
CONNECT_TIMEOUT_SECONDS = 1.0
# Shorter than servers keep idle connections (gunicorn is set to more), so that it is we who close them.
KEEP_ALIVE_SECONDS = 4.0


class _TurnedAway(ContractUnavailable):
    """Our own decision not to ask; asking again at once would decide the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLimits:
    """How much one service may be asked at once by this process.

    Fewer calls than a web process has threads (eight): when the service hangs, two are left for requests that do without it.
    A service that works gives a place back in milliseconds, so a quarter of a second of waiting is a hanging one.
    """

    concurrent_calls: int = 6
    wait_for_slot_seconds: float = 0.25


class Peer:
    """One service at one address, shared by all contracts and threads of this process."""

    def __init__(
        self,
        address: str,
        *,
        limits: PeerLimits | None = None,
        breaker: CircuitBreaker | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self.breaker = breaker or CircuitBreaker()
        self.budget = budget or RetryBudget()
        self._limits = limits or PeerLimits()
        self._slots = threading.BoundedSemaphore(self._limits.concurrent_calls)
        self._transports: dict[bool, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, what: object, seconds_left: float) -> Iterator[None]:
        """Hold one of the places for calls at once.

        Raises:
            ContractUnavailable: the breaker is open, or all places are taken; nothing was sent.
        """
        if not self._slots.acquire(timeout=max(0.0, min(self._limits.wait_for_slot_seconds, seconds_left))):
            raise _TurnedAway(
                f"{what} was not asked: {self._limits.concurrent_calls} calls to {self.address} are open."
            )
        try:
            if not self.breaker.lets_through():
                raise _TurnedAway(f"{what} was not asked: {self.address} failed too often; it is left alone a moment.")
            yield
        finally:
            self._slots.release()

    def transport(self, *, reuses_connections: bool) -> httpx.HTTPTransport:
        """Return a connection pool. What httpx.Client would add, cookies and redirects, services do not want."""
        with self._lock:
            if reuses_connections not in self._transports:
                self._transports[reuses_connections] = httpx.HTTPTransport(
                    verify=self.address.startswith("https:"),
                    trust_env=False,
                    limits=httpx.Limits(
                        max_connections=self._limits.concurrent_calls,
                        max_keepalive_connections=self._limits.concurrent_calls if reuses_connections else 0,
                        keepalive_expiry=KEEP_ALIVE_SECONDS,
                    ),
                )
            return self._transports[reuses_connections]

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            transports, self._transports = self._transports, {}
        for transport in transports.values():
            transport.close()

    def forget_connections(self) -> None:
        """Leave the connections to the parent process, after a fork."""
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self._limits.concurrent_calls)
        self._transports = {}


_peers: dict[tuple[str, str], Peer] = {}


def peer_at(address: str, *, purpose: str = "calls", limits: PeerLimits | None = None) -> Peer:
    """Return the one peer of this process for an address.

    Args:
        purpose: what it is asked for; what goes wrong or piles up with one purpose does not stop another.
    """
    return _peers.get((address, purpose)) or _peers.setdefault((address, purpose), Peer(address, limits=limits))


def close_peers() -> None:
    """Close all connections to services, at the end of a process or test; a call made afterwards opens new ones."""
    for peer in list(_peers.values()):
        peer.close()


def _after_fork() -> None:
    for peer in _peers.values():
        peer.forget_connections()


os.register_at_fork(after_in_child=_after_fork)


class Http:
    """Asks the contract server of a peer."""

    __slots__ = ("_caller", "_forwards", "_keys", "_peer", "_urls")
    name: ClassVar[str] = "http"

    def __init__(
        self, declared: Contract, peer: Peer, caller: Caller, keys: tuple[ServiceKey, ...], *, forwards: bool = False
    ) -> None:
        """Ask a peer.

        Args:
            caller: who asks.
            forwards: whether the caller asked this process, which sends its question on.
        """
        self._forwards = forwards
        self._peer = peer
        self._caller = caller
        self._keys = keys
        self._urls = {name: httpx.URL(peer.address + path_of(method)) for name, method in declared.methods.items()}

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        """Ask, and ask again while that is harmless, within the deadline and within the budget."""
        deadline = (
            call_context.deadline if call_context.deadline is not None else time.monotonic() + method.timeout_seconds
        )
        self._peer.budget.count_call()
        attempt = 1
        while True:
            try:
                return self._attempt(method, body, call_context, deadline)
            except (ContractUnavailable, ContractTimeout) as error:
                attempt += 1
                pause = full_jitter(attempt)
                if (
                    not method.is_repeatable
                    or isinstance(error, (_TurnedAway, ModuleMoved))
                    or attempt > MOST_ATTEMPTS
                    or time.monotonic() + pause >= deadline
                    or not self._peer.budget.take_retry()
                ):
                    raise
            time.sleep(pause)

    def _attempt(self, method: Method, body: bytes, call_context: CallContext, deadline: float) -> bytes:
        allowed = deadline - time.monotonic()
        if allowed <= 0:
            raise ContractTimeout(f"{method} was given up: the time is over.")
        with self._peer.slot(method, allowed):
            try:
                answer = outcome_of(method, self._exchange(method, body, call_context, deadline))
            except ModuleMoved:
                self._peer.breaker.succeeded()  # it answers, and knows better than we do
                raise
            except ContractUnavailable:
                self._peer.breaker.failed()
                raise
            except ContractTimeout:
                # A caller with hardly any time left says nothing about the service.
                if allowed >= method.timeout_seconds / 2:
                    self._peer.breaker.failed()
                raise
            except BaseException:
                self._peer.breaker.succeeded()  # the service answers, whatever it says
                raise
            self._peer.breaker.succeeded()
            return answer

    def _exchange(self, method: Method, body: bytes, call_context: CallContext, deadline: float) -> Answer:
        # The server may close a kept connection in the very moment that we write to it. Then nobody knows whether the
        # request was taken, so what must not be repeated gets a connection of its own.
        return exchange(
            self._peer,
            self._urls[method.name],
            request_headers(method, body, call_context, self._caller, self._keys, forwarded=self._forwards),
            body,
            deadline,
            what=method,
            reuses_connections=method.is_repeatable,
        )


def exchange(
    peer: Peer,
    url: httpx.URL,
    headers: Mapping[str, str],
    body: bytes,
    deadline: float,
    *,
    what: object,
    reuses_connections: bool,
) -> Answer:
    """Send one request and return the answer.

    Args:
        deadline: on the clock `time.monotonic()`.
        what: is asked; for messages.

    Raises:
        ContractUnavailable: the service could not be reached; nothing was sent.
        ContractTimeout: there was no whole answer in time, or the connection broke.
        ContractViolation: the answer is too large.
    """
    left = max(deadline - time.monotonic(), 0.001)
    request = httpx.Request(
        "POST",
        url,
        headers=headers,
        content=body,
        extensions={
            "timeout": {"connect": min(CONNECT_TIMEOUT_SECONDS, left), "read": left, "write": left, "pool": left}
        },
    )
    transport = peer.transport(reuses_connections=reuses_connections)
    try:
        response = transport.handle_request(request)
        try:
            return Answer(response.status_code, response.headers, whole_body(what, response, deadline))
        finally:
            response.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ContractUnavailable(f"{what}: {peer.address} cannot be reached: {error}") from error
    except httpx.TimeoutException as error:
        raise ContractTimeout(f"{what}: no answer from {peer.address} within {left:.1f} s.") from error
    except httpx.HTTPError as error:
        raise ContractTimeout(f"{what}: the connection to {peer.address} broke: {error}") from error


def whole_body(method: object, response: httpx.Response, deadline: float) -> bytes:
    """Return the body once all of it is there; a drop by drop sender must not stretch beyond the deadline.

    One that is there is taken, however late: on a full machine it may be this thread that was kept from looking.
    """
    chunks, size = [], 0
    length = response.headers.get("Content-Length")
    for chunk in response.iter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            raise ContractViolation(
                f"{method}: the answer has more than {MAX_RESPONSE_BYTES} bytes; ask for fewer at once."
            )
        if time.monotonic() > deadline and str(size) != length:
            raise ContractTimeout(f"{method}: the answer took too long to arrive.")
    return b"".join(chunks)
