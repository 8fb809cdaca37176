"""The one Celery task that carries events."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from celery import Task, shared_task
from django.db import InterfaceError, OperationalError

from infra.events import elsewhere
from infra.events.broker import DELIVER
from infra.events.envelope import Run, decode_runs
from infra.events.inbox import receive
from infra.events.retries import DueStream, attempt
from infra.extraction import home
from infra.extraction.home import NotHere, at_home

logger = logging.getLogger("infra.events")

LONGEST_PAUSE_SECONDS = 30
PAUSE_OF_A_MOVE_SECONDS = 1
# A claim for a retry counts for nothing after five minutes; then whoever is at home claims anew.
MOST_PAUSES_OF_A_RETRY = 300


# A database out of reach is waited for here; every other failure is the inbox's business.
@shared_task(name=DELIVER, bind=True, max_retries=None, ignore_result=True)
def deliver(self: Task[Any, Any], *, consumer: str, runs: str = "[]", retries: list[list[str]] | None = None) -> None:
    """Take one message: runs of new events, or streams whose failed events are to be tried again.

    Where the consumer is not at home (any more) the message is handed on: events over HTTP to where it lives, the rest through
    its queue, which a worker of that side serves.
    """
    received = decode_runs(runs)
    if (self.request.delivery_info or {}).get("redelivered"):
        # A worker died with this message: count attempts from now on.
        received = [msgspec.structs.replace(run, cautious=True) for run in received]
    try:
        with at_home(consumer):
            receive(consumer, received)
            attempt(consumer, [DueStream(*stream) for stream in retries or ()])
    except NotHere as moved:
        if _handed_on(consumer, received) and (not retries or self.request.retries >= MOST_PAUSES_OF_A_RETRY):
            return
        raise self.retry(exc=moved, countdown=PAUSE_OF_A_MOVE_SECONDS) from moved
    except (OperationalError, InterfaceError) as error:
        raise self.retry(exc=error, countdown=min(2**self.request.retries, LONGEST_PAUSE_SECONDS)) from error


def _handed_on(consumer: str, runs: Sequence[Run]) -> bool:
    """Send events to where their consumer lives; return whether they are safe there."""
    address = home.address_of(consumer)
    if not runs:
        return True
    if not address:
        return False  # held, and soon at home here or elsewhere
    by_source: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_source[run.source].append(run)
    try:
        for of_source in by_source.values():
            elsewhere.send_runs(address, consumer, of_source)
    except NotHere:
        return False
    except Exception as error:  # noqa: BLE001 (whatever it is, the message must not be lost)
        logger.warning("Events for %s wait in its queue, as %s does not take them: %s", consumer, address, error)
        return False
    return True
