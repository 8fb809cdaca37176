from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from celery import Celery
from django.db import connections, transaction
from pytest_django import Settings

from infra.databases import pools
from infra.events import broker
from infra.events.envelope import Run
from infra.events.inbox import receive
from infra.events.outbox import publish
from infra.events.outbox_relay import Relay
from infra.events.testing import deliver_all, subscribed
from tests.infra.events.announcing import announce_numbers, let_leases_run_out
from tests.infra.events.effects import count, remember, remembered
from tests.infra.events.facts import Happened

pytestmark = pytest.mark.usefixtures("effects")

PUBLISHERS = 3
RELAYS = 4


def in_threads(*tasks: Callable[[], object]) -> None:
    """Run all at once; raise the first error."""

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(run, task) for task in tasks]:
            future.result()


def ready() -> int:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_ready")
        return int(cursor.fetchone()[0])


@pytest.fixture
def _room_for_threads() -> Iterator[None]:
    """Pools for more threads than one process has in production."""
    with pools_of("catalog", 12), pools_of("orders", 12):
        yield


@contextmanager
def pools_of(alias: str, size: int) -> Iterator[None]:
    options = connections.settings[alias]["OPTIONS"]["pool"]
    usual = options["max_size"]
    pools.close(alias)
    options["max_size"] = size
    yield
    connections[alias].close()
    pools.close(alias)
    options["max_size"] = usual


@pytest.mark.usefixtures("_room_for_threads")
@pytest.mark.parametrize("keys", [1, 7, 150])
def test_several_relays_and_publishers_at_once_keep_every_key_in_order(keys: int, settings: Settings) -> None:
    events_of_each = 150
    published = threading.Event()
    # Leases so short that relays take streams over from each other all the time.
    settings.EVENTS_LEASE_SECONDS = 0.05

    def publish_all() -> None:
        for index in range(events_of_each):
            with transaction.atomic(using="catalog"), connections["catalog"].cursor() as cursor:
                cursor.execute("SELECT last_seq FROM outbox_stream WHERE key = %s FOR UPDATE", [f"key-{index % keys}"])
                last = cursor.fetchone()
                # The number is the event's place in its stream, known only under the lock of the stream.
                publish(Happened(key=f"key-{index % keys}", number=(last[0] if last else 0) + 1))

    def relay() -> None:
        own = Relay("catalog", receive, confirmed_by_handover=True)
        while own.relay_once() or not published.is_set() or ready():
            pass

    for index in range(keys):
        announce_numbers(f"key-{index}", 1)
    with subscribed(Happened, remember, consumer="orders"):

        def publish_and_tell() -> None:
            try:
                in_threads(*[publish_all] * PUBLISHERS)
            finally:
                published.set()

        in_threads(publish_and_tell, *[relay] * RELAYS)
        deliver_all()  # what was taken over so often that it was only stored at first

    numbers = remembered()
    assert count() == keys + PUBLISHERS * events_of_each
    assert all(handled == list(range(1, len(handled) + 1)) for handled in numbers.values())


def test_a_relay_that_hands_over_after_its_lease_cannot_write_back() -> None:
    taken: list[Run] = []
    took_over = Relay("catalog", receive, confirmed_by_handover=True)

    def hand_over_late(consumer: str, runs: Sequence[Run]) -> None:
        let_leases_run_out()
        announce_numbers("a", 3)
        took_over.relay_once()
        taken.extend(runs)

    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1, 2)
        Relay("catalog", hand_over_late, confirmed_by_handover=True).relay_once()
        with connections["catalog"].cursor() as cursor:
            cursor.execute("SELECT relayed_seq, sent->>'orders' FROM outbox_relay")
            written = cursor.fetchone()
        receive("orders", taken)

    assert written == (3, "3")
    assert remembered() == {"a": [1, 2, 3]}


def test_a_dead_relays_streams_are_taken_over_when_its_lease_runs_out() -> None:
    class Killed(BaseException):
        pass

    def die(consumer: str, runs: Sequence[Run]) -> None:
        receive(consumer, runs)
        raise Killed

    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1, 2)
        with pytest.raises(Killed):
            Relay("catalog", die, confirmed_by_handover=True).relay_once()
        while_leased = deliver_all()
        let_leases_run_out()
        afterwards = deliver_all()

    assert (while_leased, afterwards) == (0, 2)
    assert remembered() == {"a": [1, 2]}


def test_an_open_transaction_of_a_publisher_holds_up_no_relay() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        announce_numbers("b", 2)
        with transaction.atomic(using="catalog"):
            publish(Happened(key="a", number=3))
            in_threads(deliver_all)
            while_open = remembered()
        deliver_all()

    assert while_open == {"a": [1], "b": [2]}
    assert remembered() == {"a": [1, 3], "b": [2]}


def test_a_consumer_out_of_reach_keeps_only_its_own_streams_waiting() -> None:
    def fail_for_users(consumer: str, runs: Sequence[Run]) -> None:
        if consumer == "users":
            raise ConnectionError("users is down")
        receive(consumer, runs)

    relay = Relay("catalog", fail_for_users, confirmed_by_handover=True)
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        relay.relay_once()
        with subscribed(Happened, lambda event: None, consumer="users"):
            announce_numbers("a", 2)
            announce_numbers("b", 1)
            relay.relay_once()
            waiting = ready()
            let_leases_run_out()
            deliver_all()

    assert waiting == 2
    assert ready() == 0
    assert remembered() == {"a": [1, 2], "b": [1]}


def test_a_long_handover_gives_back_the_streams_that_it_cannot_reach_in_its_lease(settings: Settings) -> None:
    settings.EVENTS_LEASE_SECONDS = 0.0001
    for key in range(10):
        announce_numbers(f"key-{key}", *range(50))

    with subscribed(Happened, remember, consumer="orders"):
        Relay("catalog", receive, confirmed_by_handover=True).relay_once()

    assert 0 < count() < 500


def test_a_relay_refuses_to_run_inside_a_transaction() -> None:
    with transaction.atomic(using="catalog"), pytest.raises(RuntimeError, match="inside a transaction"):
        Relay("catalog", receive, confirmed_by_handover=True).relay_once()


def test_events_stay_in_the_outbox_while_the_broker_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = Celery(broker="redis://127.0.0.1:1", set_as_current=False)
    unreachable.conf.update(task_publish_retry=False, broker_transport_options={"max_retries": 0})
    monkeypatch.setattr(broker, "celery_app", lambda: unreachable)

    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        moved = Relay("catalog", broker.send_runs, confirmed_by_handover=False).relay_once()
        kept = ready()
        let_leases_run_out()
        deliver_all()

    assert (moved, kept) == (0, 1)
    assert remembered() == {"a": [1]}
