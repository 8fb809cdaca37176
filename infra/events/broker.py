"""Handing events to Celery: one task, one queue per consuming module, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from infra.events.envelope import Run, encode_runs
from infra.events.retries import DueStream

if TYPE_CHECKING:  # a process without a broker does not load Celery
    from celery import Celery

DELIVER = "banyan.events.deliver"
EVENTS_PER_MESSAGE = 200  # about 150 kB; a message a thousandth as large would cost the broker as much


def queue_of(module: str) -> str:
    """Return the queue that carries a module's events and periodic tasks: the first that its manifest names."""
    return settings.QUEUES[module][0]


@cache
def celery_app() -> Celery:
    """Return the project's Celery app, which `settings.CELERY_APP` names by its dotted path."""
    return cast("Celery", import_string(settings.CELERY_APP))


def send_runs(consumer: str, runs: Sequence[Run]) -> None:
    """Hand runs to the broker; when this returns it has confirmed them."""
    message: list[Run] = []
    count = 0
    for run in runs:
        if message and count + len(run.events) > EVENTS_PER_MESSAGE:
            _send(consumer, runs=encode_runs(message))
            message, count = [], 0
        message.append(run)
        count += len(run.events)
    if message:
        _send(consumer, runs=encode_runs(message))


def send_retries(consumer: str, streams: Sequence[DueStream]) -> None:
    """Have a worker try again what failed in these streams."""
    _send(consumer, retries=[list(stream) for stream in streams])


def _send(consumer: str, **arguments: Any) -> None:
    celery_app().send_task(DELIVER, kwargs={"consumer": consumer, **arguments}, queue=queue_of(consumer))
