"""The Celery app of the single web app: it carries events and periodic tasks, and nothing else.

    celery -A monolith.celery worker --queues banyan.orders,banyan.users

Each module has the queues that its manifest names; without `--queues` a worker serves them all. Those of a module that moves to a
service it leaves to the workers there, and takes them up again when the module comes back.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.production")

from django.conf import settings

from infra.boundaries.observation import storing
from infra.events.broker import queue_of
from infra.events.worker_queues import follow_record

# Longer than a message of 200 events with slow handlers takes, and shorter than the patience with a dead worker: Redis gives
# a message to the next worker after this time.
VISIBILITY_TIMEOUT_SECONDS = 120


def _transport_options(url: str) -> dict[str, object]:
    if url.startswith("amqp"):
        return {"confirm_publish": True}  # an event counts as handed over when RabbitMQ has written it
    return {"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS, "queue_order_strategy": "round_robin"}


app = Celery(
    "banyan", broker=settings.CELERY_BROKER_URL or None, include=["infra.events.tasks", "infra.schedule.tasks"]
)
app.conf.update(
    # JSON only: what can be unpickled can be run.
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    # Acknowledged when done: a killed worker's message goes to another one, and the inbox knows what was done already.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,  # a message is a batch; holding more back would keep them from idle workers
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_time_limit=VISIBILITY_TIMEOUT_SECONDS - 10,  # a handler that hangs ends here and is tried again
    task_queues=[Queue(name) for names in settings.QUEUES.values() for name in names],
    task_default_queue=queue_of("default"),
    task_create_missing_queues=False,
    broker_transport_options=_transport_options(settings.CELERY_BROKER_URL),
    broker_connection_retry_on_startup=True,
    # The relay keeps what it cannot send and tries again itself, so that sending need not try for long.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.5},
    broker_connection_timeout=3,
    worker_hijack_root_logger=False,
    enable_utc=True,
    timezone="UTC",
)
follow_record(app)


@worker_process_init.connect(weak=False)
def watch_this_process(**kwargs: Any) -> None:
    storing.observe_in_background()


@worker_process_shutdown.connect(weak=False)
def store_what_was_seen(**kwargs: Any) -> None:
    storing.stop_observing()  # these processes end without running what was registered for their end
