"""How far behind delivery is: figures for people, alerts and metrics. The oldest unsettled age is the one to alert on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections

_OUTBOX = """
SELECT (SELECT count(*) FROM outbox_ready),
       (SELECT extract(epoch FROM clock_timestamp() - min(occurred_at)) FROM outbox_ready),
       (SELECT count(*) FROM outbox_relay WHERE unconfirmed_since IS NOT NULL),
       (SELECT extract(epoch FROM clock_timestamp() - min(unconfirmed_since))
        FROM outbox_relay WHERE unconfirmed_since IS NOT NULL)
"""

_INBOX = """
SELECT count(*) FILTER (WHERE state IN ('early', 'waiting', 'failed')), count(*) FILTER (WHERE state IN ('dead', 'parked')),
       extract(epoch FROM clock_timestamp() - min(received_at) FILTER (WHERE state IN ('early', 'waiting', 'failed'))),
       count(DISTINCT (source, key)) FILTER (WHERE blocks)
FROM inbox_event
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """A module's unsettled events, on both of its sides."""

    module: str
    ready: int  # published, and no relay has handed them over
    oldest_ready_seconds: float
    unconfirmed_streams: int  # with a broker: handed over, not yet seen at the consumer
    oldest_unconfirmed_seconds: float
    waiting: int  # heard, and kept because they or earlier ones could not be handled yet
    oldest_waiting_seconds: float
    blocked_keys: int
    dead: int  # wait for a person: replay or skip

    @property
    def oldest_unsettled_seconds(self) -> float:
        return max(self.oldest_ready_seconds, self.oldest_unconfirmed_seconds, self.oldest_waiting_seconds)


def lag_of(module: str) -> Lag:
    """Return a module's lag, as its database has it now; a few milliseconds."""
    with connections[module].cursor() as cursor:
        cursor.execute(_OUTBOX)
        ready, oldest_ready, unconfirmed, oldest_unconfirmed = cursor.fetchone()
        cursor.execute(_INBOX)
        waiting, dead, oldest_waiting, blocked_keys = cursor.fetchone()
    return Lag(
        module=module,
        ready=ready,
        oldest_ready_seconds=float(oldest_ready or 0),
        unconfirmed_streams=unconfirmed,
        oldest_unconfirmed_seconds=float(oldest_unconfirmed or 0),
        waiting=waiting,
        oldest_waiting_seconds=float(oldest_waiting or 0),
        blocked_keys=blocked_keys,
        dead=dead,
    )
