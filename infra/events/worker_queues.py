"""A Celery worker serves the queues of the modules that are at home in it, and leaves the others to the workers elsewhere.

The main process of a worker follows the record, and takes up or gives up queues when a module moves. What it took off a queue
just before is handed on by the tasks themselves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from celery.signals import celeryd_after_setup, worker_process_init, worker_ready, worker_shutting_down
from django.conf import settings

from infra.extraction import home
from infra.extraction.record import presence

if TYPE_CHECKING:
    from celery import Celery

logger = logging.getLogger("infra.events")

SECONDS_BETWEEN_LOOKS = 5.0  # without news; should any have been missed


class WorkerQueues:
    """The queues of one worker.

    Args:
        consumer: the worker's own (`celery.worker.consumer.Consumer`).
        queues: what it was started for, by module.
    """

    def __init__(self, consumer: Any, queues: Mapping[str, tuple[str, ...]]) -> None:
        self._consumer = consumer
        self._queues = queues
        self._consumed = {name for names in queues.values() for name in names}
        self._changed = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._follow, name="banyan-queues", daemon=True)

    def start(self) -> None:
        presence.start()
        presence.on_change(self._look_again)
        self._changed.set()
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        self._changed.set()

    def _look_again(self, known: object) -> None:
        self._changed.set()

    def _follow(self) -> None:
        while not self._ending:
            self._changed.wait(SECONDS_BETWEEN_LOOKS)
            self._changed.clear()
            try:
                self._adapt()
            except Exception as error:  # noqa: BLE001 (the thread must go on)
                logger.warning("This worker cannot change its queues now, and tries again: %s", error)

    def _adapt(self) -> None:
        for module, names in self._queues.items():
            is_here = home.is_here(module)
            for name in names:
                if is_here == (name in self._consumed):
                    continue
                # Not by remote control: workers of both sides may bear the same name.
                consumer = self._consumer
                consumer.call_soon(consumer.add_task_queue if is_here else consumer.cancel_task_queue, name)
                self._consumed.symmetric_difference_update({name})
                logger.info("This worker %s %s", "takes up" if is_here else "leaves to others", name)


_following: WorkerQueues | None = None


def follow_record(app: Celery) -> None:
    """Have the workers of an app follow the record: which queues they serve, and in each of their processes what is at home."""

    def leave_out_what_is_not_installed(instance: Any, **kwargs: Any) -> None:
        # Without --queues a worker serves all that are known, and known are those of modules elsewhere, too: to send to them.
        for name in [name for module, names in settings.QUEUES.items() if module not in _installed() for name in names]:
            instance.app.amqp.queues.deselect(name)

    def start(sender: Any, **kwargs: Any) -> None:
        global _following
        if _following is not None:  # the worker is ready anew, after its broker was away
            return
        consumed = set(app.amqp.queues.consume_from)
        queues = {
            module: served
            for module, names in settings.QUEUES.items()
            if module in _installed() and (served := tuple(name for name in names if name in consumed))
        }
        _following = WorkerQueues(sender, queues)
        _following.start()

    def stop(**kwargs: Any) -> None:
        if _following is not None:
            _following.stop()

    def start_in_process(**kwargs: Any) -> None:
        presence.start()

    celeryd_after_setup.connect(leave_out_what_is_not_installed, weak=False)
    worker_ready.connect(start, weak=False)
    worker_shutting_down.connect(stop, weak=False)
    worker_process_init.connect(start_in_process, weak=False)


def _installed() -> frozenset[str]:
    return frozenset(settings.DATABASES)
