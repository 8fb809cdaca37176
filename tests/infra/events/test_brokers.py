"""The same guarantees through a real Redis and a real RabbitMQ with real Celery workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kombu import Connection
from redis import Redis

from infra.events.broker import queue_of
from tests.infra.events import brokers, effects
from tests.infra.events.announcing import announce, announce_numbers, inbox_states
from tests.infra.events.facts import AlsoHappened
from tests.infra.events.process_app import FATAL_NUMBER, POISONED_NUMBER
from tests.infra.events.processes import environment, kill, process, relay_command, worker_command
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("effects")

KEYS = 10
EVENTS_OF_A_KEY = 60
EVERY_KEY_IN_ORDER = {f"key-{key}": list(range(100, 100 + EVENTS_OF_A_KEY)) for key in range(KEYS)}


def announce_everything() -> None:
    for key in range(KEYS):
        announce_numbers(f"key-{key}", *EVERY_KEY_IN_ORDER[f"key-{key}"])


@contextmanager
def relay_and_worker(folder: Path, url: str) -> Iterator[None]:
    variables = environment(folder, url)
    with (
        process(relay_command(), folder / "relay.log", variables),
        process(worker_command(), folder / "worker.log", variables),
    ):
        yield


def test_events_reach_their_handlers_once_and_in_order(empty_broker_url: str, tmp_path: Path) -> None:
    announce_everything()

    with relay_and_worker(tmp_path, empty_broker_url):
        eventually(lambda: effects.count() >= KEYS * EVENTS_OF_A_KEY, "all events are handled", seconds=60)

    assert effects.remembered() == EVERY_KEY_IN_ORDER


def test_killed_workers_and_relays_lose_nothing_and_double_nothing(empty_broker_url: str, tmp_path: Path) -> None:
    variables = environment(tmp_path, empty_broker_url)
    announce_everything()

    with (
        process(relay_command(), tmp_path / "relay.log", variables) as relay,
        process(worker_command(), tmp_path / "worker.log", variables) as worker,
    ):
        eventually(lambda: effects.count() > 0, "the worker works", seconds=60)
        kill(worker)
        kill(relay)
    with relay_and_worker(tmp_path, empty_broker_url):
        eventually(lambda: effects.count() >= KEYS * EVENTS_OF_A_KEY, "all events are handled", seconds=60)

    assert effects.remembered() == EVERY_KEY_IN_ORDER


def test_what_a_broker_loses_is_sent_again(empty_broker_url: str, tmp_path: Path) -> None:
    variables = environment(tmp_path, empty_broker_url)
    announce_everything()
    lost = 0

    def lose() -> bool:
        nonlocal lost
        lost += brokers.empty(empty_broker_url)
        return lost > 0

    with process(relay_command(), tmp_path / "relay.log", variables):
        eventually(lose, "the relay has handed over", seconds=60)
    assert effects.count() == 0
    with relay_and_worker(tmp_path, empty_broker_url):
        eventually(lambda: effects.count() >= KEYS * EVENTS_OF_A_KEY, "all events are handled", seconds=60)

    assert effects.remembered() == EVERY_KEY_IN_ORDER


def test_a_poisoned_event_becomes_a_dead_letter_and_holds_up_its_own_key_only(
    empty_broker_url: str, tmp_path: Path
) -> None:
    announce_numbers("poisoned", 1, POISONED_NUMBER, 2)
    announce_numbers("healthy", 1, 2, 3)

    with relay_and_worker(tmp_path, empty_broker_url):
        eventually(lambda: ("poisoned", 2, "dead", 4) in inbox_states(), "the event is a dead letter", seconds=60)
        eventually(lambda: effects.count() == 4, "the healthy key is handled", seconds=60)

    assert effects.remembered() == {"poisoned": [1], "healthy": [1, 2, 3]}
    assert inbox_states() == [("poisoned", 2, "dead", 4), ("poisoned", 3, "waiting", 0)]


def test_a_handler_that_kills_its_worker_once_is_tried_again(empty_broker_url: str, tmp_path: Path) -> None:
    announce(*(AlsoHappened(key="a", number=number) for number in (1, FATAL_NUMBER, 2)))

    with relay_and_worker(tmp_path, empty_broker_url):
        eventually(lambda: effects.count() == 3, "the events are handled", seconds=60)

    assert effects.remembered() == {"a": [1, FATAL_NUMBER, 2]}


def test_periodic_tasks_run_in_the_workers(empty_broker_url: str, tmp_path: Path) -> None:
    variables = environment(tmp_path, empty_broker_url)
    noted = tmp_path / "noted"

    with (
        process(relay_command(), tmp_path / "relay.log", variables) as relay,
        process(worker_command(), tmp_path / "worker.log", variables),
    ):
        eventually(lambda: noted.exists() and len(noted.read_text().split()) >= 2, "it ran twice", seconds=60)

    assert str(relay.pid) not in noted.read_text().split()


def test_what_a_killed_worker_held_at_redis_does_not_come_to_the_next_test(redis_url: str) -> None:
    with Connection(redis_url) as connection, Redis.from_url(redis_url) as redis:
        queue = connection.SimpleQueue(queue_of("orders"))
        queue.put("held")
        message = queue.get(timeout=60)
        assert brokers.empty(redis_url) == 0
        held = redis.hlen("unacked")

        brokers.forget_unacknowledged(redis_url)

        assert (held, redis.hlen("unacked"), redis.zcard("unacked_index")) == (1, 0, 0)
        message.ack()
        queue.close()
