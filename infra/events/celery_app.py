"""The Celery app of a composition root: it carries events and periodic tasks, and nothing else."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from django.conf import settings
from kombu import Queue

from infra.boundaries.observation import storing
from infra.events.worker_queues import follow_record

# Longer than a message of 200 events with slow handlers takes, and shorter than the patience with a dead worker: Redis gives
# a message to the next worker after this time.
VISIBILITY_TIMEOUT_SECONDS = 120
CHILD_START_SECONDS = 60.0


def carrying_app(name: str, *, default_queue: str) -> Celery:
    """Return an app whose workers serve the queues of the modules that are at home in them.

    Args:
        default_queue: of what names none, which nothing of ours does.
    """
    app = Celery(
        name, broker=settings.CELERY_BROKER_URL or None, include=["infra.events.tasks", "infra.schedule.tasks"]
    )
    app.conf.update(
        # JSON only: what can be unpickled can be run.
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        # Acknowledged when done: a killed worker's message goes to another one, and the inbox knows what was done already.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # Four seconds by default, after which a child that is not up yet is killed: on a busy machine one after the other.
        worker_proc_alive_timeout=CHILD_START_SECONDS,
        worker_prefetch_multiplier=1,  # a message is a batch; holding more back would keep them from idle workers
        worker_cancel_long_running_tasks_on_connection_loss=True,
        task_time_limit=VISIBILITY_TIMEOUT_SECONDS - 10,  # a handler that hangs ends here and is tried again
        task_queues=[Queue(name) for names in settings.QUEUES.values() for name in names],
        task_default_queue=default_queue,
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
    worker_process_init.connect(_watch_this_process, weak=False)
    worker_process_shutdown.connect(_store_what_was_seen, weak=False)
    return app


def _transport_options(url: str) -> dict[str, object]:
    if url.startswith("amqp"):
        return {"confirm_publish": True}  # an event counts as handed over when RabbitMQ has written it
    return {"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS, "queue_order_strategy": "round_robin"}


def _watch_this_process(**kwargs: Any) -> None:
    storing.observe_in_background()


def _store_what_was_seen(**kwargs: Any) -> None:
    storing.stop_observing()  # these processes end without running what was registered for their end
