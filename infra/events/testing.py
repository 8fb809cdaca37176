"""Deterministic delivery for tests: no threads, no broker, no waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connections

from infra.events import handling, retries
from infra.events.configuration import local_modules
from infra.events.declaration import Event, format_of
from infra.events.envelope import Numbered, Run, envelope_of, present_headers
from infra.events.inbox import receive
from infra.events.outbox_relay import Relay
from infra.events.subscriptions import AfterDeadLetter, consumers_of, forget, subscribe
from infra.identifiers import new_id

E = TypeVar("E", bound=Event)


def deliver_all(*, raise_failures: bool = True) -> int:
    """Deliver everything outstanding now, in this thread, to all modules, also what follows from it and retries that are due.

    Args:
        raise_failures: raise the handlers' exceptions as one group at the end, so that no test passes over a broken handler.
            The events are kept and blocked all the same, as they are in production.

    Returns:
        How many events were taken off the outboxes.
    """
    relays = [Relay(module, receive, confirmed_by_handover=True) for module in local_modules()]
    delivered = 0
    with handling.collecting_failures() as failures:
        while True:
            moved = sum(relay.relay_once() for relay in relays)
            retried = sum(_retry_due(module) for module in local_modules())
            delivered += moved
            if not moved and not retried:
                break
    if failures and raise_failures:
        raise ExceptionGroup(f"{len(failures)} event handlers failed", failures)
    return delivered


def announce(event: Event) -> None:
    """Deliver an event to everybody here who hears it, as if its module had published it; then whatever follows from it.

    For tests of what a module does about others' news: the publishing module need not be here.
    """
    format_ = format_of(event.name)
    key, event_id = format_.key_of(event), new_id()
    envelope = envelope_of(
        source=format_.module,
        key=key,
        seq=(seq := time.time_ns()),  # later than whatever was there
        id_=event_id,
        name=format_.name,
        payload=format_.encode(event).decode(),
        headers=present_headers(event_id),
        occurred_at=datetime.now(UTC),
    )
    with handling.collecting_failures() as failures:
        for consumer in consumers_of(event.name):
            if consumer in local_modules():
                receive(consumer, [Run(format_.module, key, [Numbered(seq, 0, envelope)])])
    if failures:
        raise ExceptionGroup(f"{len(failures)} event handlers failed", failures)
    deliver_all()


def published(*event_classes: type[E]) -> list[E]:
    """Return the events in the outboxes of their modules, handed over or not, oldest first; of the given classes only."""
    found: list[tuple[Any, E]] = []
    for event_class in event_classes:
        format_ = format_of(event_class.name)
        with connections[format_.module].cursor() as cursor:
            cursor.execute(
                "SELECT occurred_at, id, payload::text FROM outbox_event WHERE name = %s", [event_class.name]
            )
            for occurred_at, id_, payload in cursor.fetchall():
                found.append(((occurred_at, id_), format_.decode(payload)))  # type: ignore[arg-type]
    return [event for _, event in sorted(found, key=lambda pair: pair[0])]


@contextmanager
def subscribed(
    event_class: type[E],
    handler: Callable[[E], None],
    *,
    consumer: str,
    after_dead_letter: AfterDeadLetter = "stop",
) -> Iterator[None]:
    """Have a handler for the length of a block."""
    subscribe(event_class, consumer=consumer, after_dead_letter=after_dead_letter)(handler)
    try:
        yield
    finally:
        forget(consumer, event_class.name, handler)


def _retry_due(module: str) -> int:
    due = retries.claim_due(module)
    retries.attempt(module, due)
    return len(due)
