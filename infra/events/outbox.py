"""Announcing a fact in the transaction that makes it one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction

from infra.databases.prepared import prepared_cursor
from infra.events import wakeup
from infra.events.declaration import Event, format_of
from infra.events.envelope import present_headers
from infra.identifiers import new_id

# One statement: the stream's row lock makes later publishers of the key wait until this transaction ends, so that numbers
# are gap-free and in the order of commits.
_PUBLISH = """
WITH stream AS (
    INSERT INTO outbox_stream AS s (key, last_seq) VALUES (%(key)s, 1)
    ON CONFLICT (key) DO UPDATE SET last_seq = s.last_seq + 1
    RETURNING last_seq
), event AS (
    INSERT INTO outbox_event (id, stream, seq, name, payload, headers, occurred_at)
    SELECT %(id)s, %(key)s, last_seq, %(name)s, %(payload)s::jsonb, %(headers)s::jsonb, clock_timestamp() FROM stream
)
INSERT INTO outbox_ready (stream, seq, occurred_at) SELECT %(key)s, last_seq, clock_timestamp() FROM stream
"""


Guard = Callable[[str, str], None]  # (module, event)
_guards: list[Guard] = []


class PublishOutsideTransaction(RuntimeError):
    """An event was to be published without a transaction of its module, which could commit one without the other."""


def guard_events(guard: Guard) -> None:
    """Run `guard(module, event name)` before an event is published; it may raise."""
    if guard not in _guards:
        _guards.append(guard)


def publish(event: Event) -> None:
    """Announce a fact with the present transaction of its module: committed with it, or never there.

    Handlers in other modules run after the commit, each event of one ordering key in the order of commits. Transactions
    that publish under the same key wait for each other from here to their end, so publish late.

    Raises:
        PublishOutsideTransaction: no `transaction.atomic(using=<module>)` is open; nothing is written.
        TypeError: a field's value is not of its declared type.
    """
    format_ = format_of(event.name)
    connection = connections[format_.module]
    if not connection.in_atomic_block:
        raise PublishOutsideTransaction(
            f"{event.name} needs `with transaction.atomic(using={format_.module!r}):` around it and around what it announces."
        )
    for guard in _guards:
        guard(format_.module, format_.name)
    event_id = new_id()
    parameters: dict[str, Any] = {
        "key": format_.key_of(event),
        "id": event_id,
        "name": format_.name,
        "payload": format_.encode(event).decode(),
        "headers": present_headers(event_id),
    }
    with prepared_cursor(format_.module) as cursor:
        cursor.execute(_PUBLISH, parameters)
    nudge = wakeup.nudge_for(format_.module)
    if not connection.run_on_commit or connection.run_on_commit[-1][1] is not nudge:
        transaction.on_commit(nudge, using=format_.module, robust=True)
