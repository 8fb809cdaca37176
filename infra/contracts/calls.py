"""Making a call: what every route has in common, from the guard at the entry to the decoded answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from infra.contracts import context
from infra.contracts.context import CallContext
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractError, ContractTimeout, ContractViolation
from infra.contracts.execution import Declined, declared_error
from infra.contracts.metrics import observe
from infra.identifiers import new_id

# A call in a call in a call: more than this is a loop between modules.
MAX_HOPS = 16

Guard = Callable[[Method], None]
_guards: list[Guard] = []


class Route(Protocol):
    """One way to bring a call to an implementation."""

    name: ClassVar[str]

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        """Return the encoded result.

        Raises:
            Declined, ContractUnavailable, ContractTimeout, ContractViolation: see `execution.execute`.
        """
        ...


def guard_calls(guard: Guard) -> None:
    """Run `guard` at the entry of every call; it may raise."""
    if guard not in _guards:
        _guards.append(guard)


def call(route: Route, method: Method, arguments: dict[str, Any]) -> Any:
    """Make a call over a route and return its result, a fresh copy.

    Raises:
        DomainError: one that the contract declares, as the declared class.
        ContractError: anything else.
    """
    for guard in _guards:
        guard(method)
    begun = time.perf_counter()
    outcome = "unexpected"
    try:
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
        raise
    finally:
        observe(method.contract, method.name, route.name, outcome, time.perf_counter() - begun)


def _context_of_call(method: Method) -> CallContext:
    here = context.current()
    now = time.monotonic()
    deadline = now + method.timeout_seconds
    if here.deadline is not None and here.deadline < deadline:
        deadline = here.deadline  # who waits for us waits no longer because we ask others
        if deadline <= now:
            raise ContractTimeout(f"{method} was not asked: the time that the caller allows is over.")
    if here.hops >= MAX_HOPS:
        raise ContractViolation(f"{method}: more than {MAX_HOPS} calls inside each other; modules ask in a circle.")
    return CallContext(
        here.correlation_id or str(new_id()), here.causation_id, deadline, here.hops + 1, here.traceparent
    )
