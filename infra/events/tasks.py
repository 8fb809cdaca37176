"""The one Celery task that carries events."""

from __future__ import annotations

from typing import Any

import msgspec
from celery import Task, shared_task
from django.db import InterfaceError, OperationalError

from infra.events.broker import DELIVER
from infra.events.envelope import decode_runs
from infra.events.inbox import receive
from infra.events.retries import DueStream, attempt

LONGEST_PAUSE_SECONDS = 30


# A database out of reach is waited for here; every other failure is the inbox's business.
@shared_task(name=DELIVER, bind=True, max_retries=None, ignore_result=True)
def deliver(self: Task[Any, Any], *, consumer: str, runs: str = "[]", retries: list[list[str]] | None = None) -> None:
    """Take one message: runs of new events, or streams whose failed events are to be tried again."""
    received = decode_runs(runs)
    if (self.request.delivery_info or {}).get("redelivered"):
        # A worker died with this message: count attempts from now on.
        received = [msgspec.structs.replace(run, cautious=True) for run in received]
    try:
        receive(consumer, received)
        attempt(consumer, [DueStream(*stream) for stream in retries or ()])
    except (OperationalError, InterfaceError) as error:
        raise self.retry(exc=error, countdown=min(2**self.request.retries, LONGEST_PAUSE_SECONDS)) from error
