"""Events reach their consumer wherever it is at home: each once, in order within its key, also across a switch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connections
from pytest_django import Settings

from infra.contracts.wire import Caller
from infra.events import elsewhere
from infra.events.confirmations import Confirmations
from infra.events.envelope import Run
from infra.events.handling import Handling, observe_handling, stop_observing_handling
from infra.events.handover import hand_over, receive_here
from infra.events.inbox import receive
from infra.events.outbox_relay import Relay
from infra.events.relay import RelayLoop
from infra.events.subscriptions import consumers_of
from infra.events.testing import subscribed
from infra.extraction.epochs import new_lease
from infra.extraction.fence import refused_by_fence
from infra.extraction.home import NotHere
from infra.extraction.record.values import SERVICE, Phase
from tests.extraction.calls.lost_answers import LosesAnswers
from tests.extraction.calls.place import Place, Side
from tests.infra.events.announcing import announce_numbers, inbox_states
from tests.infra.events.facts import Followed, Happened
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("hearing")


@pytest.fixture
def relay() -> RelayLoop:
    """The relay of this process, to be run step by step."""
    return RelayLoop(["catalog", "orders"], longest_pause=0.0)


@pytest.fixture
def relaying() -> Iterator[None]:
    """The relay of this process, running."""
    stop = threading.Event()
    loop = RelayLoop(["catalog", "orders"], longest_pause=0.02)
    thread = threading.Thread(target=loop.run, args=[stop])
    thread.start()
    yield
    stop.set()
    thread.join(60)


@pytest.fixture
def attempts() -> Iterator[list[Handling]]:
    """What became of each event that this process tried to handle."""
    seen: list[Handling] = []
    observe_handling(seen.append)
    yield seen
    stop_observing_handling(seen.append)


def numbers(side: Side, key: str = "k") -> list[int]:
    return side.all(f"SELECT number FROM orders.test_effect WHERE key = '{key}' ORDER BY position")


def ready(side: Side, schema: str) -> int:
    return int(side.one(f"SELECT count(*) FROM {schema}.outbox_ready"))


def step_until(relay: RelayLoop, side: Side, *expected: int) -> None:
    def arrived() -> bool:
        relay.step()
        return numbers(side) == list(expected)

    eventually(arrived, f"{expected} have arrived")


def test_a_consumer_that_moved_gets_its_events_over_the_network(place: Place, relay: RelayLoop) -> None:
    announce_numbers("k", 1, 2)
    step_until(relay, place.monolith, 1, 2)

    place.switch()
    announce_numbers("k", 3, 4)
    step_until(relay, place.service, 1, 2, 3, 4)

    place.switch(to="monolith")
    announce_numbers("k", 5)
    step_until(relay, place.monolith, 1, 2, 3, 4, 5)
    processes = place.monolith.all("SELECT process FROM orders.test_effect ORDER BY position")
    assert len({*processes[:2], processes[4]}) == 1
    assert len(set(processes)) == 2


def test_each_event_is_handled_once_and_in_order_while_the_consumer_goes_there_and_back(
    place: Place, relaying: None
) -> None:
    stop = threading.Event()
    published: list[int] = []

    def publisher() -> None:
        while not stop.is_set():
            announce_numbers("k", len(published) + 1)
            announce_numbers("other", len(published) + 1)
            published.append(len(published) + 1)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(publisher)
        for side in (SERVICE, "monolith", SERVICE):
            before = len(published)
            eventually(lambda before=before: len(published) > before + 10, "events are published")  # type: ignore[misc]
            place.switch(to=side)
        stop.set()
        running.result(60)

    eventually(lambda: len(numbers(place.service)) >= len(published), "all events have arrived")
    eventually(lambda: len(numbers(place.service, "other")) >= len(published), "all others have arrived")
    assert numbers(place.service) == numbers(place.service, "other") == published


def test_a_late_relay_is_refused_by_the_fence_and_leaves_nothing_behind(
    place: Place, relay: RelayLoop, attempts: list[Handling], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody told this process of the switch: no attempt is counted, nothing parked, and nothing of it is an error."""
    place.switch(tell=False)
    announce_numbers("k", 1)

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            relay.step()

    assert numbers(place.monolith) == numbers(place.service) == []
    assert inbox_states() == []
    assert attempts == []
    assert ready(place.monolith, "catalog") == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in caplog.records if "refuses writes of orders" in record.getMessage()] != []

    place.say(phase=Phase.SWITCHED, database=SERVICE, epoch=2)
    step_until(relay, place.service, 1)


def test_a_fence_that_falls_in_the_middle_of_handling_is_no_failed_attempt(
    place: Place, relay: RelayLoop, attempts: list[Handling]
) -> None:
    def close_and_write(event: Happened) -> None:
        place.monolith.close()
        _write()

    with subscribed(Happened, close_and_write, consumer="orders"):
        announce_numbers("k", 1)
        relay.step()

    assert inbox_states() == []
    assert attempts == []
    assert ready(place.monolith, "catalog") == 1


def test_a_handler_that_may_not_write_something_is_a_failed_attempt(place: Place, relay: RelayLoop) -> None:
    """What tells it from a fence: the inbox can be written."""
    with subscribed(Happened, lambda event: _overreach(), consumer="orders"):
        announce_numbers("k", 1)
        relay.step()

    assert inbox_states() == [("k", 1, "failed", 1)]


def _write() -> None:
    with connections["orders"].cursor() as cursor:
        cursor.execute("INSERT INTO test_note VALUES ('k', '', '')")


def _overreach() -> None:
    with connections["orders"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations")


def test_a_held_consumer_drains_and_waits(place: Place, relay: RelayLoop) -> None:
    place.say(hold=True)
    announce_numbers("k", 1)

    relay.step()

    assert (numbers(place.monolith), ready(place.monolith, "catalog")) == ([], 1)
    place.say(hold=False)
    step_until(relay, place.monolith, 1)


def test_events_that_come_to_the_old_side_are_sent_on_once(
    place: Place, live_server_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    announce_numbers("k", 1, 2)
    first, second = runs_of("catalog")
    place.switch()

    elsewhere.send_runs(live_server_address, "orders", [first])  # by a process that has not heard yet

    assert numbers(place.service) == [1]
    with pytest.raises(NotHere):  # a process that heard even less would send it back and forth
        elsewhere.send_runs(live_server_address, "orders", [second], caller=Caller("catalog", "somewhere"))
    assert numbers(place.service) == [1]
    assert place.monolith.one("SELECT count(*) FROM orders.inbox_event") == 0


def test_the_service_takes_nothing_before_the_switch(place: Place) -> None:
    announce_numbers("k", 1)
    (run,) = runs_of("catalog")

    with pytest.raises(NotHere):
        elsewhere.send_runs(place.address, "orders", [run], caller=Caller("catalog", "somewhere"))

    assert place.service.one("SELECT count(*) FROM orders.inbox_stream") == 0


def test_a_hand_over_whose_answer_is_lost_is_repeated_and_handled_once(place: Place, relay: RelayLoop) -> None:
    place.switch()
    proxy = LosesAnswers(place.address, losses=1)
    place.say(addresses={SERVICE: proxy.address})
    announce_numbers("k", 1)

    relay.step()
    assert (numbers(place.service), ready(place.monolith, "catalog")) == ([1], 1)
    step_until_ready_is_gone(relay, place)

    proxy.close()
    assert numbers(place.service) == [1]


def step_until_ready_is_gone(relay: RelayLoop, place: Place) -> None:
    def settled() -> bool:
        relay.step()
        return ready(place.monolith, "catalog") == 0

    eventually(settled, "the relay has settled its events")


def test_a_publisher_that_moved_is_relayed_where_it_lives_and_by_nobody_else(
    place: Place, relay: RelayLoop, asked: Any
) -> None:
    heard: list[int] = []
    with subscribed(Followed, lambda event: heard.append(event.number), consumer="catalog"):
        asked.announce(key="k", numbers=[1, 2])  # published here, and not handed over yet
        place.switch()
        place.tell_service("relay")
        try:
            asked.announce(key="k", numbers=[3])
            relay.step()
            eventually(lambda: heard == [1, 2, 3], "the service hands over what its module published")
        finally:
            place.tell_service("rest")
    assert "orders" not in relay.modules
    assert ready(place.monolith, "orders") == 2  # as it was when the module left
    eventually(lambda: ready(place.service, "orders") == 0, "it is settled")


@pytest.mark.parametrize("fenced", [True, False])
def test_a_relay_that_goes_on_at_the_old_side_is_stopped_by_the_fence_alone(
    place: Place, asked: Any, fenced: bool
) -> None:
    """Without the fence, the planted defect, it takes events off the outbox of a module that lives elsewhere."""
    heard: list[int] = []
    zombie = Relay("orders", receive, confirmed_by_handover=True)
    with subscribed(Followed, lambda event: heard.append(event.number), consumer="catalog"):
        asked.announce(key="k", numbers=[1])
        place.switch(fenced=fenced)
        if fenced:
            with pytest.raises(DatabaseError) as refused:
                zombie.relay_once()
            assert refused_by_fence(refused.value)
        else:
            assert zombie.relay_once() == 1

    assert heard == ([] if fenced else [1])
    assert ready(place.monolith, "orders") == (1 if fenced else 0)


def test_what_a_killed_relay_of_the_old_side_had_in_hand_is_taken_over_at_once(place: Place, asked: Any) -> None:
    heard: list[int] = []
    killed = Relay("orders", receive, confirmed_by_handover=True)
    with subscribed(Followed, lambda event: heard.append(event.number), consumer="catalog"):
        asked.announce(key="k", numbers=[1])
        assert len(killed._claim(new_lease("orders"))) == 1
        place.switch()
        place.tell_service("relay")
        try:
            eventually(lambda: heard == [1], "the service does not wait for the lease", seconds=15)
        finally:
            place.tell_service("rest")


def test_a_broker_that_lost_events_for_a_consumer_elsewhere_is_found_out(place: Place, settings: Settings) -> None:
    place.switch()
    settings.EVENTS_RESEND_SECONDS = 0.0
    lost = Relay("catalog", lambda consumer, runs: None, confirmed_by_handover=False)
    announce_numbers("k", 1)
    lost.relay_once()
    _age()
    confirmations = Confirmations("catalog")

    confirmations.look()  # remembers where the consumer stands
    assert confirmations.look() == 1
    assert ready(place.monolith, "catalog") == 1

    Relay("catalog", hand_over, confirmed_by_handover=False).relay_once()
    _age()
    assert (confirmations.look(), numbers(place.service)) == (0, [1])
    assert place.monolith.one("SELECT count(*) FROM catalog.outbox_relay WHERE unconfirmed_since IS NOT NULL") == 0


def test_a_consumer_that_does_not_answer_is_neither_confirmed_nor_overdue(place: Place, settings: Settings) -> None:
    place.switch()
    settings.EVENTS_RESEND_SECONDS = 0.0
    Relay("catalog", hand_over, confirmed_by_handover=False)
    announce_numbers("k", 1)
    Relay("catalog", hand_over, confirmed_by_handover=False).relay_once()
    place.say(addresses={SERVICE: "http://127.0.0.1:9"})
    _age()
    confirmations = Confirmations("catalog")

    assert [confirmations.look(), confirmations.look()] == [0, 0]
    assert place.monolith.one("SELECT count(*) FROM catalog.outbox_relay WHERE unconfirmed_since IS NOT NULL") == 1


def _age() -> None:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("UPDATE outbox_relay SET unconfirmed_since = now() - interval '5 seconds'")


def test_a_build_without_a_modules_internals_still_hands_over_to_it(
    place: Place, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVENT_CONSUMERS = {Happened.name: ("payments",)}
    monkeypatch.delitem(settings.DATABASES, "payments")

    assert consumers_of(Happened.name) == ["orders"]  # nobody knows where payments is
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "payments": "http://payments"}
    assert consumers_of(Happened.name) == ["orders", "payments"]


def runs_of(source: str) -> list[Run]:
    """Return what a relay would hand over to orders, an event each; nothing is settled."""
    taken: list[Run] = []

    def take(consumer: str, runs: Any) -> None:
        taken.extend(runs)
        raise NotHere("only looked at")

    Relay(source, take, confirmed_by_handover=True).relay_once()
    return [Run(run.source, run.key, [event]) for run in taken for event in run.events]


def test_nothing_is_received_here_for_a_module_elsewhere(place: Place) -> None:
    announce_numbers("k", 1)
    (run,) = runs_of("catalog")
    place.switch()

    with pytest.raises(NotHere):
        receive_here("orders", [run])
