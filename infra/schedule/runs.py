"""Claiming what is due, running it, and noting how it went."""

from __future__ import annotations

import logging
from typing import NamedTuple
from uuid import UUID

from django.db import connections

from infra.contracts import journeys
from infra.extraction.epochs import first_lease, new_lease
from infra.schedule.declaration import PeriodicTask, task_named, tasks_of

logger = logging.getLogger("infra.schedule")

_ENSURE = """
INSERT INTO scheduled_task (name) SELECT unnest(%s::text[]) ON CONFLICT (name) DO NOTHING
"""

# Counted from when it was due, so that it does not drift; after a standstill from now: nothing is made up for.
_CLAIM = """
UPDATE scheduled_task AS t
SET lease = %(lease)s, leased_until = clock_timestamp() + make_interval(secs => declared.lease_seconds),
    last_started_at = clock_timestamp(),
    next_run_at = CASE WHEN t.next_run_at + make_interval(secs => declared.period) > clock_timestamp()
                       THEN t.next_run_at + make_interval(secs => declared.period)
                       ELSE clock_timestamp() + make_interval(secs => declared.period) END
FROM unnest(%(names)s::text[], %(periods)s::float8[], %(leases)s::float8[]) AS declared (name, period, lease_seconds)
WHERE t.name = declared.name AND (%(regardless)s OR t.next_run_at <= clock_timestamp())
  AND (t.leased_until IS NULL OR t.leased_until <= clock_timestamp() OR t.lease < %(oldest)s)
RETURNING t.name
"""

_FINISH = """
UPDATE scheduled_task
SET lease = NULL, leased_until = NULL, last_finished_at = clock_timestamp(), runs = runs + 1,
    failures = failures + CASE WHEN %(error)s = '' THEN 0 ELSE 1 END, last_error = %(error)s
WHERE name = %(name)s AND lease = %(lease)s
"""


class Claim(NamedTuple):
    """The right to run a task now."""

    module: str
    name: str
    lease: str


def ensure_rows(module: str) -> None:
    """Make the rows of tasks that are declared and have none yet; they are due at once."""
    names = [task.name for task in tasks_of(module)]
    with connections[module].cursor() as cursor:
        cursor.execute(_ENSURE, [names])


def claim_due(module: str, *, regardless_of_time: bool = False) -> list[Claim]:
    """Take the module's due tasks; each is given to one caller only, over all processes."""
    tasks = tasks_of(module)
    lease = new_lease(module)
    with connections[module].cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "lease": lease,
                "oldest": first_lease(module),
                "names": [task.name for task in tasks],
                "periods": [float(task.every_seconds) for task in tasks],
                "leases": [float(task.lease_seconds) for task in tasks],
                "regardless": regardless_of_time,
            },
        )
        return [Claim(module, name, str(lease)) for (name,) in cursor.fetchall()]


def run(claim: Claim) -> Exception | None:
    """Run a claimed task; what it raises is logged, counted and returned.

    Raises:
        DatabaseError: the module has moved away meanwhile. That is no failure of the task: the new side takes its claim over.
    """
    journey = journeys.begin("task", claim.name)
    try:
        task: PeriodicTask = task_named(claim.module, claim.name)
        task.run()
    except Exception as error:
        # First written down: where the database refuses that, the module has moved, and the task has not failed.
        _finish(claim, f"{type(error).__name__}: {error}")
        logger.exception("The periodic task %s failed; it runs again at its next period", claim.name)
        return error
    finally:
        journeys.end(journey)
    _finish(claim, "")
    return None


def is_held(claim: Claim) -> bool:
    """Return whether a claim still stands: nobody took it over, and its module came along with it."""
    with connections[claim.module].cursor() as cursor:
        cursor.execute("SELECT 1 FROM scheduled_task WHERE name = %s AND lease = %s", [claim.name, UUID(claim.lease)])
        return cursor.fetchone() is not None


def _finish(claim: Claim, error: str) -> None:
    with connections[claim.module].cursor() as cursor:
        cursor.execute(_FINISH, {"name": claim.name, "lease": UUID(claim.lease), "error": error})
