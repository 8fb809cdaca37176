"""Publishing in tests, and letting time pass for retries."""

from __future__ import annotations

from django.db import connections, transaction

from infra.events.outbox import publish
from tests.infra.events.facts import AlsoHappened, Happened


def announce(*events: Happened | AlsoHappened) -> None:
    """Publish in one transaction."""
    with transaction.atomic(using="catalog"):
        for event in events:
            publish(event)


def announce_numbers(key: str, *numbers: int) -> None:
    announce(*(Happened(key=key, number=number) for number in numbers))


def let_retries_be_due(consumer: str = "orders") -> None:
    with connections[consumer].cursor() as cursor:
        cursor.execute("UPDATE inbox_stream SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")


def let_leases_run_out(source: str = "catalog") -> None:
    with connections[source].cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_relay SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
        )


def inbox_states(consumer: str = "orders") -> list[tuple[str, int, str, int]]:
    """Return (key, seq, state, attempts) of the events that are kept in a module's inbox."""
    with connections[consumer].cursor() as cursor:
        cursor.execute("SELECT key, seq, state, attempts FROM inbox_event ORDER BY key, seq")
        return [tuple(row) for row in cursor.fetchall()]
