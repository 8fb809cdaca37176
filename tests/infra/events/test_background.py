"""The relay in a thread of a web process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import Settings

from infra.events.background import repeat
from infra.events.relay import start_in_background, stop_in_background
from infra.events.testing import subscribed
from tests.infra.events import effects
from tests.infra.events.announcing import announce_numbers
from tests.infra.events.effects import remember
from tests.infra.events.facts import Happened
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("effects", "_stopped_afterwards")


@pytest.fixture
def _stopped_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("infra.schedule.declaration._tasks", {})  # the shop's periodic tasks have tests of their own
    yield
    stop_in_background()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in ("banyan-relay", "banyan-clock")]


def test_a_commit_reaches_the_handler_long_before_the_next_look(settings: Settings) -> None:
    settings.EVENTS_POLL_IN_WEB_SECONDS = 30.0

    with subscribed(Happened, remember, consumer="orders"):
        start_in_background()
        announce_numbers("a", 1)
        eventually(lambda: effects.count() == 1, "the first event is handled")
        started = time.monotonic()
        announce_numbers("a", 2)
        eventually(lambda: effects.count() == 2, "the second event is handled")

    assert time.monotonic() - started < 2


def test_starting_twice_starts_once_and_stopping_ends_the_threads() -> None:
    start_in_background()
    start_in_background()
    while_running = sorted(threads())
    stop_in_background()

    assert while_running == ["banyan-clock", "banyan-relay"]
    assert threads() == []


def test_a_web_process_without_a_relay_starts_none(settings: Settings) -> None:
    settings.EVENTS_RELAY_IN_WEB = False

    start_in_background()

    assert threads() == []


def test_the_relay_goes_on_after_its_database_was_away(settings: Settings) -> None:
    settings.EVENTS_POLL_IN_WEB_SECONDS = 0.01

    def cut_connections() -> None:
        with connections["catalog"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
            )

    with subscribed(Happened, remember, consumer="orders"):
        start_in_background()
        for number in range(1, 6):
            cut_connections()
            announce_numbers("a", number)
        eventually(lambda: effects.count() == 5, "all events are handled")

    assert effects.remembered() == {"a": [1, 2, 3, 4, 5]}


def test_a_loop_outlives_its_errors() -> None:
    stop = threading.Event()
    rounds: list[int] = []

    def step() -> float:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()
        raise RuntimeError("planted")

    repeat(step, until=stop)

    assert len(rounds) == 3
