"""What travels along with every call, event, task and log line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

import msgspec


class CallContext(msgspec.Struct, frozen=True, gc=False):
    """The chain of work that the present step belongs to."""

    correlation_id: str | None = None  # one for everything that follows from one request
    causation_id: str | None = None  # the event or request that led to this step
    deadline: float | None = None  # on this process's `time.monotonic()` clock; None: no one waits
    hops: int = 0  # calls and events between the first request and this step
    traceparent: str | None = None  # W3C Trace Context
    bucket: int | None = None  # 0 to 99, of the customer: the lowest go first where a module is on the move

    def seconds_left(self) -> float | None:
        """Return the time until the deadline, negative when it has passed; None without a deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic()


_EMPTY = CallContext()
_context: ContextVar[CallContext] = ContextVar("banyan_call_context", default=_EMPTY)


def current() -> CallContext:
    """Return the context of the present step; one without any entries where nothing was set."""
    return _context.get()


@contextmanager
def carrying(context: CallContext | None = None, **changes: str | float | None) -> Iterator[CallContext]:
    """Run a block under a context, or under the present one with the given entries changed.

    `carrying(correlation_id=...)` changes one entry; `carrying(CallContext(...))` replaces all of them.
    """
    chosen = msgspec.structs.replace(_context.get() if context is None else context, **changes)
    token = _context.set(chosen)
    try:
        yield chosen
    finally:
        _context.reset(token)


def enter(context: CallContext) -> Token[CallContext]:
    """Set the context, for code too hot for `carrying`; give the token back to `leave`."""
    return _context.set(context)


def leave(token: Token[CallContext]) -> None:
    _context.reset(token)
