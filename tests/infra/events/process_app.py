"""An app that, in processes started by tests, handles the tests' events in orders."""

from __future__ import annotations

import os
import signal
import threading

from django.apps import AppConfig

from tests.infra.events.facts import AlsoHappened, Happened

KILLED_ONCE = "BANYAN_TEST_KILLED_ONCE"  # a file that the first process to meet the fatal event makes
NOTED = "BANYAN_TEST_NOTED"  # a file with a line for each run of a periodic task
FATAL_NUMBER = 666
POISONED_NUMBER = 1313
urlpatterns: list[object] = []  # these processes serve nothing


class ProcessConfig(AppConfig):
    name = "tests.infra.events"
    label = "events_tests"

    def ready(self) -> None:
        from infra.events.subscriptions import subscribe
        from infra.http.contract_apps import wire_from_settings
        from infra.schedule.declaration import periodic
        from tests.infra.events.effects import remember

        def remember_unless_poisoned(event: Happened) -> None:
            remember(event)
            if event.number == POISONED_NUMBER:
                raise RuntimeError("poisoned")

        def die_once(event: AlsoHappened) -> None:
            remember(event)
            if event.number == FATAL_NUMBER and _is_first():
                os.kill(os.getpid(), signal.SIGKILL)
                threading.Event().wait()

        wire_from_settings()
        periodic(every_seconds=0.2, name="orders.note_the_time", module="orders")(note_the_time)
        subscribe(Happened, consumer="orders")(remember_unless_poisoned)
        subscribe(AlsoHappened, consumer="orders")(die_once)


def note_the_time() -> None:
    """Leave a line in a file; a periodic task's effect that no table needs to be emptied of."""
    with open(os.environ[NOTED], "a") as file:
        file.write(f"{os.getpid()}\n")


def _is_first() -> bool:
    try:
        os.close(os.open(os.environ[KILLED_ONCE], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
