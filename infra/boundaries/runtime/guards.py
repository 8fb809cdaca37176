"""Setting up every guard of this layer; once per process, when Django is ready."""

from __future__ import annotations

from django.conf import settings

from infra.boundaries.runtime.budget import guard_budget
from infra.boundaries.runtime.latency import delay
from infra.boundaries.runtime.refusals import note_circle, note_violation
from infra.boundaries.runtime.statements import StatementGuard
from infra.boundaries.runtime.transactions import guard_publishing, refuse_open_transactions
from infra.contracts.calls import guard_calls, on_violation
from infra.databases.open_transactions import watch_connections
from infra.events.handling import on_circle
from infra.events.outbox import guard_events


def install() -> None:
    """Watch calls, events and, where the settings want it, statements; a repeat changes nothing."""
    watch_connections()
    guard_calls(refuse_open_transactions)
    guard_calls(guard_budget)
    on_violation(note_violation)
    guard_events(guard_publishing)
    on_circle(note_circle)
    if settings.CONTRACT_LATENCY_MS:
        guard_calls(delay)
    if settings.GUARD_STATEMENTS:
        StatementGuard(settings.MANIFESTS).watch()
