"""Calling the handlers of one event, and what is to become of it when they fail."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec
from django.db import transaction

from infra.contracts import context as call_context
from infra.contracts import journeys
from infra.events.configuration import setting
from infra.events.declaration import UnknownEvent, format_of
from infra.events.envelope import SOURCE_PREFIX, Envelope, chain_variable
from infra.events.subscriptions import PermanentError, Subscription, subscription_of

logger = logging.getLogger("infra.events")
CircleListener = Callable[[str, str, str], None]  # (consumer, event name, chain)
_circle_listeners: list[CircleListener] = []
_failures: ContextVar[list[Exception] | None] = ContextVar("banyan_event_failures", default=None)


@dataclass(frozen=True, slots=True)
class Handling:
    """What became of one attempt to handle an event."""

    source: str  # the publishing module
    name: str
    consumer: str
    outcome: str  # "handled", or the state of the event after a failure
    seconds: float  # in its handlers
    lag_seconds: float  # since it was published
    came_back: bool  # an earlier event of the same name led to it


Observer = Callable[[Handling], None]
_observers: list[Observer] = []


class NobodyHandlesIt(Exception):
    """No handler for the event in this process: it runs older or newer code than the sender."""


class TooManyHops(PermanentError):
    """The chain of events that led here is longer than the limit: probably a circle."""


def observe_handling(observer: Observer) -> None:
    """Tell `observer` of every event whose effect has committed, and of every failed attempt; it must be quick."""
    if observer not in _observers:
        _observers.append(observer)


def stop_observing_handling(observer: Observer) -> None:
    if observer in _observers:
        _observers.remove(observer)


def on_circle(listener: CircleListener) -> None:
    """Run `listener(consumer, event name, chain)` when an event came after more hops than the limit."""
    if listener not in _circle_listeners:
        _circle_listeners.append(listener)


def handle(consumer: str, envelope: Envelope) -> None:
    """Call the module's handlers of the event, in the context of its publisher. The caller holds the transaction.

    Raises:
        NobodyHandlesIt, TooManyHops, msgspec.ValidationError, or whatever a handler raises.
    """
    subscription, event = _prepare(consumer, envelope)
    token = call_context.enter(envelope.context())
    chain = chain_variable()
    chain_token = chain.set(envelope.chain())
    journey = journeys.begin("event", f"{envelope.type} in {consumer}")
    begun = time.perf_counter()
    try:
        for handler in subscription.handlers:
            handler(event)
        if _observers:  # told when it is true: the fast way of receiving rolls back, and handles all again with care
            seconds = time.perf_counter() - begun
            transaction.on_commit(partial(_tell, consumer, envelope, "handled", seconds), using=consumer, robust=True)
    finally:
        journeys.end(journey)
        chain.reset(chain_token)
        call_context.leave(token)


@contextmanager
def collecting_failures() -> Iterator[list[Exception]]:
    """Collect what handlers raise in this thread during the block; for tests."""
    failures: list[Exception] = []
    token = _failures.set(failures)
    try:
        yield failures
    finally:
        _failures.reset(token)


def _prepare(consumer: str, envelope: Envelope) -> tuple[Subscription, object]:
    subscription = subscription_of(consumer, envelope.type)
    if subscription is None:
        raise NobodyHandlesIt(f"Nothing in {consumer} handles {envelope.type} in this process.")
    if envelope.hops > setting("EVENTS_HOP_LIMIT"):
        for listener in _circle_listeners:
            listener(consumer, envelope.type, envelope.chain())
        raise TooManyHops(f"{envelope.hops} hops: {envelope.chain()}")
    try:
        return subscription, format_of(envelope.type).decode(bytes(envelope.data))
    except UnknownEvent as error:
        raise NobodyHandlesIt(str(error)) from error
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{envelope.type} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an event whose attempt failed."""

    state: Literal["failed", "dead", "parked"]
    blocks: bool  # its key waits
    retry_in_seconds: float | None
    error: str


def judge(consumer: str, envelope: Envelope, error: Exception, attempts: int) -> Verdict:
    """Decide after the given number of attempts, the failed one included."""
    if (collected := _failures.get()) is not None:
        collected.append(error)
    text = f"{type(error).__name__}: {error}"
    exhausted = isinstance(error, PermanentError) or attempts >= setting("EVENTS_ATTEMPTS")
    subscription = subscription_of(consumer, envelope.type)
    if not exhausted:
        verdict = Verdict("failed", True, back_off(attempts), text)
    elif isinstance(error, NobodyHandlesIt):
        # Nobody here waited for it, so the key goes on.
        verdict = Verdict("parked", False, None, text)
    else:
        stops = subscription is None or subscription.after_dead_letter == "stop"
        verdict = Verdict("dead", stops, None, f"{text}\nChain: {envelope.chain()}")
    _tell(consumer, envelope, verdict.state, 0.0)
    logger.log(
        logging.WARNING if verdict.state == "failed" else logging.ERROR,
        "%s in %s: attempt %d of %s failed, the event is %s: %s",
        envelope.type, consumer, attempts, envelope.id, verdict.state, text,
        exc_info=error,
    )  # fmt: skip
    return verdict


def _tell(consumer: str, envelope: Envelope, outcome: str, seconds: float) -> None:
    source = envelope.source.removeprefix(SOURCE_PREFIX)
    lag = time.time() - envelope.time.timestamp()
    came_back = envelope.causationchain is not msgspec.UNSET and f"{envelope.type} " in envelope.causationchain
    for observer in _observers:
        observer(Handling(source, envelope.type, consumer, outcome, seconds, lag, came_back))


def back_off(attempts: int) -> float:
    """Return the seconds to the next attempt: doubling, capped, and spread so that many do not come back at once."""
    longest = min(setting("EVENTS_BACKOFF_SECONDS") * 2 ** (attempts - 1), setting("EVENTS_BACKOFF_CAP_SECONDS"))
    return float(longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
