"""Making a call: what every route has in common, from the guard at the entry to the decoded answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from infra.contracts import context, journeys
from infra.contracts.context import CallContext
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractError, ContractTimeout, ContractViolation, TooManyCallsDeep
from infra.contracts.execution import Declined, declared_error
from infra.contracts.metrics import observe
from infra.identifiers import new_id

# A call in a call in a call: more than this is a loop between modules.
MAX_HOPS = 16

Guard = Callable[[Method, str], None]  # (method, who asks)
ViolationListener = Callable[[Method, str, ContractViolation], None]  # (method, who asks, violation)
_guards: list[Guard] = []
_violation_listeners: list[ViolationListener] = []

Observer = Callable[[str, Method, str, float], None]
"""Gets who asked, what, the outcome (`result`, `declared` or the code of a failure) and the seconds that it took."""
_observers: list[Observer] = []


class Route(Protocol):
    """One way to bring a call to an implementation."""

    @property
    def name(self) -> str: ...

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        """Return the encoded result.

        Raises:
            Declined, ContractUnavailable, ContractTimeout, ContractViolation: see `execution.execute`.
        """
        ...


def guard_calls(guard: Guard) -> None:
    """Run `guard(method, asker)` at the entry of every call; it may raise."""
    if guard not in _guards:
        _guards.append(guard)


def observe_calls(observer: Observer) -> None:
    """Tell `observer` of every call when it is over, a refused one too; it must be quick, and must not raise."""
    if observer not in _observers:
        _observers.append(observer)


def stop_observing(observer: Observer) -> None:
    if observer in _observers:
        _observers.remove(observer)


def on_violation(listener: ViolationListener) -> None:
    """Run `listener(method, asker, violation)` when a call turns out to break its contract, before that is raised."""
    if listener not in _violation_listeners:
        _violation_listeners.append(listener)


def call(route: Route, method: Method, arguments: dict[str, Any], asker: str = "") -> Any:
    """Make a call over a route and return its result, a fresh copy.

    Args:
        asker: the module that asks.

    Raises:
        DomainError: one that the contract declares, as the declared class.
        ContractError: anything else.
    """
    begun = time.perf_counter()
    outcome = "unexpected"
    journey = journeys.current()
    if journey is not None:
        journey.count((asker, method.contract, method.name), context.current().hops)
    try:
        for guard in _guards:
            guard(method, asker)
        body = method.arguments.encode(method.parameters(**arguments))
        result = method.result.decode(route.send(method, body, _context_of_call(method)))
        outcome = "result"
        return result
    except Declined as declined:
        error = declared_error(method, declined.body)
        outcome = "declared"
        raise error from None
    except ContractError as error:
        outcome = error.code
        if isinstance(error, ContractViolation):
            for hear in _violation_listeners:
                hear(method, asker, error)
        raise
    finally:
        seconds = time.perf_counter() - begun
        observe(method.contract, method.name, route.name, outcome, seconds)
        for tell in _observers:
            tell(asker, method, outcome, seconds)


def _context_of_call(method: Method) -> CallContext:
    here = context.current()
    now = time.monotonic()
    deadline = now + method.timeout_seconds
    if here.deadline is not None and here.deadline < deadline:
        deadline = here.deadline  # who waits for us waits no longer because we ask others
        if deadline <= now:
            raise ContractTimeout(f"{method} was not asked: the time that the caller allows is over.")
    if here.hops >= MAX_HOPS:
        raise TooManyCallsDeep(f"{method}: more than {MAX_HOPS} calls inside each other; modules ask in a circle.")
    return CallContext(
        here.correlation_id or str(new_id()), here.causation_id, deadline, here.hops + 1, here.traceparent, here.bucket
    )
