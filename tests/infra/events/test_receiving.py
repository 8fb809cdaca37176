from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import permutations

import pytest
from django.db import connections

from infra.contracts.context import CallContext, carrying, current
from infra.events.envelope import Run, decode_runs, encode_runs
from infra.events.inbox import receive
from infra.events.outbox import publish
from infra.events.outbox_relay import Relay
from infra.events.testing import deliver_all, subscribed
from tests.infra.events.announcing import announce, announce_numbers, inbox_states
from tests.infra.events.effects import remember, remembered
from tests.infra.events.facts import AlsoHappened, Followed, Happened

pytestmark = pytest.mark.usefixtures("effects")


def sent_by_relay() -> list[Run]:
    """Take what a relay would hand over now."""
    taken: list[Run] = []
    Relay("catalog", lambda consumer, runs: taken.extend(runs), confirmed_by_handover=True).relay_once()
    return taken


def runs_of_one_event(*numbers: int) -> list[Run]:
    """Publish events under one key and return them as runs of one, each knowing the one before it."""
    runs = []
    for number in numbers:
        announce_numbers("a", number)
        runs += sent_by_relay()
    return runs


def test_what_comes_again_changes_nothing() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        runs = sent_by_relay()
        for _ in range(3):
            receive("orders", runs)
        receive("orders", [Run("catalog", "a", runs[0].events[1:])])

    assert remembered() == {"a": [1, 2, 3]}


@pytest.mark.parametrize("order", list(permutations(range(4)))[1::3])
def test_what_comes_in_another_order_is_handled_in_the_right_one(order: Sequence[int]) -> None:
    with subscribed(Happened, remember, consumer="orders"):
        runs = runs_of_one_event(1, 2, 3, 4)
        for index in order:
            receive("orders", [runs[index]])

    assert remembered() == {"a": [1, 2, 3, 4]}
    assert inbox_states() == []


def test_what_comes_too_early_waits_for_what_is_missing() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        runs = runs_of_one_event(1, 2, 3)
        receive("orders", runs[1:])

        assert remembered() == {}
        assert [state for _, _, state, _ in inbox_states()] == ["early", "early"]


def test_an_early_event_that_fails_in_its_turn_blocks_its_key() -> None:
    def fail_for_2(event: Happened) -> None:
        remember(event)
        if event.number == 2:
            raise RuntimeError("poisoned")

    with subscribed(Happened, fail_for_2, consumer="orders"):
        runs = runs_of_one_event(1, 2, 3)
        receive("orders", runs[1:])
        receive("orders", runs[:1])

    assert remembered() == {"a": [1]}
    assert inbox_states() == [("a", 2, "failed", 1), ("a", 3, "waiting", 0)]


def test_the_same_runs_received_at_once_in_many_threads_take_effect_once() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        for key in ("a", "b", "c"):
            announce_numbers(key, *range(40))
        runs = sent_by_relay()
        errors: list[BaseException] = []

        def receive_all(own: list[Run]) -> None:
            try:
                receive("orders", own)
            except BaseException as error:  # noqa: BLE001 - told to the test's own thread
                errors.append(error)
            finally:
                connections["orders"].close()

        threads = [threading.Thread(target=receive_all, args=[runs[i:] + runs[:i]]) for i in (0, 1, 2, 0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert errors == []
    assert remembered() == {key: list(range(40)) for key in ("a", "b", "c")}


def test_several_handlers_of_a_module_take_effect_together_or_not_at_all() -> None:
    broken = True

    def fail_while_broken(event: Happened) -> None:
        if broken:
            raise RuntimeError("broken")

    with (
        subscribed(Happened, remember, consumer="orders"),
        subscribed(Happened, fail_while_broken, consumer="orders"),
    ):
        announce_numbers("a", 1)
        deliver_all(raise_failures=False)
        effects_while_broken = remembered()

    assert effects_while_broken == {}


def test_runs_are_the_same_after_a_broker() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1, 2)
        runs = sent_by_relay()
        receive("orders", decode_runs(encode_runs(runs)))

    assert remembered() == {"a": [1, 2]}


def test_the_envelope_is_a_cloud_event() -> None:
    with (
        subscribed(Happened, remember, consumer="orders"),
        carrying(CallContext(correlation_id="c-1", traceparent="t")),
    ):
        announce_numbers("a", 1)
        [run] = sent_by_relay()
    text = encode_runs([run])

    event = run.events[0].event
    assert f'"id":"{event.id}"' in text
    for attribute in (
        '"specversion":"1.0"', '"source":"urn:banyan:catalog"', '"type":"catalog.test_happened.v1"', '"subject":"a"',
        '"partitionkey":"a"', '"sequence":"0000000000000000001"', '"datacontenttype":"application/json"',
        '"correlationid":"c-1"', '"traceparent":"t"', '"data":{"key":"a","number":1}',
    ):  # fmt: skip
        assert attribute.replace(" ", "") in text.replace(" ", "")


def test_the_context_of_a_request_reaches_the_last_handler() -> None:
    contexts: list[CallContext] = []

    def follow(event: Happened) -> None:
        contexts.append(current())
        publish(Followed(key=event.key, number=event.number))

    with (
        subscribed(Happened, follow, consumer="orders"),
        subscribed(Followed, lambda event: contexts.append(current()), consumer="users"),
    ):
        with carrying(CallContext(correlation_id="request-1", traceparent="00-ab-cd-01")):
            announce_numbers("a", 1)
        deliver_all()

    assert [context.correlation_id for context in contexts] == ["request-1", "request-1"]
    assert [context.traceparent for context in contexts] == ["00-ab-cd-01", "00-ab-cd-01"]
    assert [context.hops for context in contexts] == [1, 2]
    assert contexts[0].causation_id != contexts[1].causation_id
    assert current() == CallContext()


def test_a_consumer_that_begins_to_listen_hears_from_then_on() -> None:
    with subscribed(AlsoHappened, remember, consumer="orders"):
        announce(Happened(key="a", number=1), AlsoHappened(key="a", number=2))
        deliver_all()
        with subscribed(Happened, remember, consumer="orders"):
            announce(Happened(key="a", number=3))
            deliver_all()

    assert remembered() == {"a": [2, 3]}
