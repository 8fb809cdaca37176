"""Deleting what was handed over long ago, a bounded piece at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from infra.events.configuration import installed_modules, setting
from infra.schedule.declaration import periodic

EVENTS_AT_ONCE = 1000  # a few milliseconds of locks
MOST_PER_RUN = 500_000

# The ids sort by time, so the primary key finds the oldest.
_DELETE = """
DELETE FROM outbox_event WHERE id IN (
    SELECT e.id FROM outbox_event AS e JOIN outbox_relay AS r ON r.stream = e.stream
    WHERE e.id > %(after)s AND e.id < %(before)s AND e.seq <= r.relayed_seq AND r.unconfirmed_since IS NULL
    ORDER BY e.id LIMIT %(limit)s
)
RETURNING id
"""


def delete_old_events(module: str, *, retention: timedelta | None = None) -> int:
    """Delete a module's events that are handed over and older than the retention time; return how many."""
    kept_for = timedelta(days=setting("EVENTS_RETENTION_DAYS")) if retention is None else retention
    parameters: dict[str, Any] = {
        "after": UUID(int=0),
        "before": _first_id_of(timezone.now() - kept_for),
        "limit": EVENTS_AT_ONCE,
    }
    deleted = 0
    while deleted < MOST_PER_RUN:
        with connections[module].cursor() as cursor:
            cursor.execute(_DELETE, parameters)
            ids = [row[0] for row in cursor.fetchall()]
        deleted += len(ids)
        if len(ids) < EVENTS_AT_ONCE:
            break
        parameters["after"] = max(ids)  # not over the entries of deleted rows again
    return deleted


def schedule() -> None:
    """Have each module's old events deleted every hour."""
    for module in installed_modules():
        periodic(every_seconds=3600, name="events.delete_old_events", module=module)(partial(delete_old_events, module))


def _first_id_of(instant: datetime) -> UUID:
    milliseconds = int(instant.timestamp() * 1000)
    return UUID(int=milliseconds << 80)
