"""The route to a module that can move while this process runs: per call in process, or over HTTP to where it lives by then.

Where it lives is a hint. The side that must not write (any more) refuses a command and has done nothing; the same command with
the same arguments, its key among them, then goes to the other side. So old news costs time, and nothing else.
"""

from __future__ import annotations

import time

import msgspec

from infra.contracts import metrics
from infra.contracts.calls import Route
from infra.contracts.context import CallContext
from infra.contracts.declaration import Contract, Method
from infra.contracts.errors import (
    ContractError,
    ContractTimeout,
    ContractUnavailable,
    ContractViolation,
    ModuleMoved,
)
from infra.contracts.signing import ServiceKey
from infra.contracts.whereabouts import HERE, HOLD, Whereabouts
from infra.contracts.wire import Caller

# As long as whoever holds a module makes others wait at most; then a caller is told to come again.
PATIENCE_SECONDS = 2.5
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.25


class Following:
    """Asks a module where it is, as often as it takes within the deadline.

    Args:
        here: the route in process; None where this process does not hold the module.
        otherwise: where the module is as long as there is no news of it: HERE, or a base URL.
        caller: who asks, towards services.
        forwards: whether the caller asked this process, which only sends its questions on.
    """

    __slots__ = (
        "_caller",
        "_declared",
        "_forwards",
        "_here",
        "_keys",
        "_module",
        "_otherwise",
        "_there",
        "_whereabouts",
        "name",
    )

    def __init__(
        self,
        declared: Contract,
        here: Route | None,
        otherwise: str,
        whereabouts: Whereabouts,
        caller: Caller,
        keys: tuple[ServiceKey, ...],
        *,
        forwards: bool = False,
    ) -> None:
        self._declared = declared
        self._module = declared.module
        self._here = here
        self._otherwise = otherwise
        self.name = "http" if here is None else here.name
        self._whereabouts = whereabouts
        self._caller = caller
        self._keys = keys
        self._forwards = forwards
        self._there: dict[str, Route] = {}

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        address = self._whereabouts.serving(self._module, method.kind, call_context.bucket, self._otherwise)
        refused: set[str] = set()
        if address == HERE:
            try:
                return self._attempt_here(method, body, call_context)
            except ModuleMoved:
                refused.add(HERE)
        return self._search(method, body, call_context, refused)

    def answer(self, method: Method, body: bytes, call_context: CallContext, *, forwarded: bool) -> bytes:
        """Serve a call that came over HTTP: here, or once more over HTTP where the module is at home elsewhere.

        Args:
            forwarded: whether it was sent on already; then it is served here or not at all.

        Raises:
            ModuleMoved: the database refuses here, or the module is held: whoever asks knows better by now, or soon.
        """
        address = self._whereabouts.serving(self._module, method.kind, call_context.bucket, self._otherwise)
        if address == HOLD:
            address = self._whereabouts.home(self._module, self._otherwise)
        if address == HERE or (forwarded and self._here is not None and address is not None):
            try:
                return self._attempt_here(method, body, call_context)
            except ContractUnavailable as held:
                if method.kind == "query" or isinstance(held, ModuleMoved):
                    raise
            raise ModuleMoved(f"{method}: the module is being moved.")
        if address is None:
            raise ContractUnavailable(f"{self._declared.wire_name} is not served here.")
        if forwarded:
            raise ModuleMoved(f"{self._declared.wire_name} is not served here (any more).")
        return self._attempt_there(address, method, body, call_context)

    def _search(self, method: Method, body: bytes, call_context: CallContext, refused: set[str]) -> bytes:
        """Ask side by side until one answers; between two rounds wait for news.

        Args:
            refused: sides that have refused already.
        """
        whereabouts, module = self._whereabouts, self._module
        until = time.monotonic() + PATIENCE_SECONDS
        if call_context.deadline is not None:
            until = min(until, call_context.deadline)
        revision = whereabouts.revision(module)
        pause = FIRST_PAUSE_SECONDS
        last_words = ""
        while True:
            address = self._next(method, call_context, refused)
            if address is not None and address != HOLD:
                try:
                    return self._attempt(address, method, body, call_context)
                except ModuleMoved as moved:
                    refused.add(address)
                    last_words = str(moved)
                # Whatever is raised from here on has nothing to do with what was refused.
                if self._next(method, call_context, refused) is not None:
                    continue
            elif address is None and not refused:
                raise ContractUnavailable(f"Nobody knows where {module} lives, so {method} cannot be asked.")
            left = until - time.monotonic()
            if left <= 0:
                raise ContractUnavailable(f"{method} was not done within {PATIENCE_SECONDS:g} s. {last_words}".strip())
            whereabouts.wait_for_news(module, revision, seconds=min(left, left if address == HOLD else pause))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            refused.clear()
            revision = whereabouts.revision(module)

    def _next(self, method: Method, call_context: CallContext, refused: set[str]) -> str | None:
        """Return where to ask next: where the news says, else the other side; None when all have refused."""
        address = self._whereabouts.serving(self._module, method.kind, call_context.bucket, self._otherwise)
        if address is None or address == HOLD or address not in refused:
            return address
        return next(
            (side for side in self._whereabouts.sides(self._module, self._otherwise) if side not in refused), None
        )

    def _attempt(self, address: str, method: Method, body: bytes, call_context: CallContext) -> bytes:
        if address == HERE:
            return self._attempt_here(method, body, call_context)
        return self._attempt_there(address, method, body, call_context)

    def _attempt_here(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        if method.kind == "query":
            return self._execute(method, body, call_context)
        left = call_context.seconds_left()
        seconds = PATIENCE_SECONDS if left is None else max(0.0, min(PATIENCE_SECONDS, left))
        with self._whereabouts.writing(self._module, seconds=seconds):
            return self._execute(method, body, call_context)  # the module may have left while it was held

    def _execute(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        if self._here is None or not self._whereabouts.answers_here(self._module, self._otherwise):
            raise ModuleMoved(f"{self._declared.wire_name} is not served here (any more).")
        return self._here.send(method, body, call_context)

    def _attempt_there(self, address: str, method: Method, body: bytes, call_context: CallContext) -> bytes:
        if self._here is None or self._whereabouts.home(self._module, self._otherwise) != HERE:
            return self._ask_at(address, method, body, call_context)
        # Only a share of the traffic goes there, and this side can answer as well: what goes wrong is done here at once.
        try:
            return self._ask_at(address, method, body, _with_half_the_time(method, call_context))
        except ContractUnavailable:
            pass  # nothing was done
        except ContractTimeout:
            if not method.is_repeatable or (call_context.seconds_left() or 1.0) <= 0:
                raise
        except ContractViolation:
            if method.kind != "query":
                raise
        metrics.sent_on(method.contract, method.name, "answered here instead")
        return self._attempt_here(method, body, call_context)

    def _ask_at(self, address: str, method: Method, body: bytes, call_context: CallContext) -> bytes:
        route = self._there.get(address)
        if route is None:
            from infra.contracts.http_route import (
                Http,
                peer_at,
            )  # only processes with remote modules need an HTTP client

            route = self._there[address] = Http(
                self._declared, peer_at(address), self._caller, self._keys, forwards=self._forwards
            )
        try:
            answer = route.send(method, body, call_context)
        except ContractError as error:
            metrics.sent_on(method.contract, method.name, error.code)
            raise
        metrics.sent_on(method.contract, method.name, "answered")
        return answer


def _with_half_the_time(method: Method, call_context: CallContext) -> CallContext:
    left = call_context.seconds_left()
    half = (method.timeout_seconds if left is None else left) / 2
    return msgspec.structs.replace(call_context, deadline=time.monotonic() + half)
