from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connections
from pytest_django import Settings

from infra.events import dead_letters, retries
from infra.events.dead_letters import Selection
from infra.events.outbox import publish
from infra.events.subscriptions import AfterDeadLetter, PermanentError
from infra.events.testing import deliver_all, subscribed
from tests.infra.events.announcing import announce, announce_numbers, inbox_states, let_retries_be_due
from tests.infra.events.effects import remember, remembered
from tests.infra.events.facts import AlsoHappened, Followed, Happened

pytestmark = pytest.mark.usefixtures("effects")


class Poison:
    """A handler that remembers each event, and fails for chosen ones after having written."""

    def __init__(self, *numbers: int, error: Callable[[], Exception] = lambda: RuntimeError("poisoned")) -> None:
        self.numbers = set(numbers)
        self.error = error
        self.attempts = 0

    def __call__(self, event: Happened) -> None:
        remember(event)
        if event.number in self.numbers:
            self.attempts += 1
            raise self.error()


def deliver(rounds: int = 1) -> None:
    for _ in range(rounds):
        deliver_all(raise_failures=False)
        let_retries_be_due()


def test_a_failing_event_holds_up_its_own_key_only() -> None:
    with subscribed(Happened, Poison(2), consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        announce_numbers("b", 1, 4, 5)
        deliver()
        announce_numbers("a", 6)
        deliver()

    assert remembered() == {"a": [1], "b": [1, 4, 5]}
    assert [(key, seq) for key, seq, _, _ in inbox_states()] == [("a", 2), ("a", 3), ("a", 4)]


def test_after_it_works_again_the_key_goes_on_in_order() -> None:
    poison = Poison(2)

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        deliver(rounds=3)
        poison.numbers.clear()
        announce_numbers("a", 4)
        deliver(rounds=2)

    assert remembered() == {"a": [1, 2, 3, 4]}
    assert inbox_states() == []


def test_failures_in_tests_do_not_go_unseen() -> None:
    announce_numbers("a", 1)

    with subscribed(Happened, Poison(1), consumer="orders"), pytest.raises(ExceptionGroup, match="1 event handlers"):
        deliver_all()


def test_an_attempt_comes_only_when_it_is_due() -> None:
    poison = Poison(1)

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1)
        deliver_all(raise_failures=False)
        attempts_at_once = poison.attempts
        deliver_all()

    # The first attempt is made twice: together with others, and on its own to find out which one failed.
    assert (attempts_at_once, poison.attempts) == (2, 2)


def test_pauses_double_and_are_spread(settings: Settings) -> None:
    from infra.events.handling import back_off

    settings.EVENTS_BACKOFF_SECONDS, settings.EVENTS_BACKOFF_CAP_SECONDS = 1.0, 10.0

    pauses = [[back_off(attempts) for _ in range(200)] for attempts in (1, 3, 9)]

    assert all(0.5 <= pause <= 1 for pause in pauses[0])
    assert all(2 <= pause <= 4 for pause in pauses[1])
    assert all(5 <= pause <= 10 for pause in pauses[2])
    assert len(set(pauses[2])) > 100


def test_used_up_attempts_make_a_dead_letter_and_the_key_stays_stopped(settings: Settings) -> None:
    settings.EVENTS_ATTEMPTS = 3

    with subscribed(Happened, Poison(1), consumer="orders"):
        announce_numbers("a", 1, 2)
        deliver(rounds=6)
        announce_numbers("a", 3)
        deliver(rounds=2)
    [letter] = dead_letters.dead_letters("orders")

    assert remembered() == {}
    assert (letter.name, letter.key, letter.attempts, letter.state) == (Happened.name, "a", 3, "dead")
    assert "poisoned" in letter.error
    assert letter.waiting_behind == 2


@pytest.mark.parametrize(("policy", "handled"), [("stop", {}), ("skip", {"a": [2, 3]})])
def test_a_subscription_says_whether_its_key_goes_on_after_a_dead_letter(
    settings: Settings, policy: AfterDeadLetter, handled: dict[str, list[int]]
) -> None:
    settings.EVENTS_ATTEMPTS = 2

    with subscribed(Happened, Poison(1), consumer="orders", after_dead_letter=policy):
        announce_numbers("a", 1, 2, 3)
        deliver(rounds=4)

    assert remembered() == handled


def test_a_permanent_error_skips_the_attempts() -> None:
    poison = Poison(1, error=lambda: PermanentError("never"))

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1)
        deliver()

    assert inbox_states() == [("a", 1, "dead", 1)]


def test_a_replayed_dead_letter_is_handled_before_what_waited_behind_it(settings: Settings) -> None:
    settings.EVENTS_ATTEMPTS = 2
    poison = Poison(1, 5)

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1, 2)
        announce_numbers("b", 5, 6)
        deliver(rounds=4)
        poison.numbers.clear()
        replayed = sum(dead_letters.replay("orders", Selection(key="a")))
        deliver()

    assert replayed == 1
    assert remembered() == {"a": [1, 2]}
    assert [letter.key for letter in dead_letters.dead_letters("orders")] == ["b"]


def test_a_replayed_dead_letter_does_not_lead_past_a_later_one_that_stops_the_key() -> None:
    poison = Poison(1, 3, error=lambda: PermanentError("never"))

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1, 2)
        deliver()
        poison.numbers = {3}
        sum(dead_letters.replay("orders", Selection()))
        announce_numbers("a", 3, 4)
        deliver(rounds=3)
        announce_numbers("a", 5)
        deliver()

    assert remembered() == {"a": [1, 2]}
    assert inbox_states() == [("a", 3, "dead", 1), ("a", 4, "waiting", 0), ("a", 5, "waiting", 0)]


def test_skipping_a_dead_letter_lets_the_key_go_on_without_it() -> None:
    with subscribed(Happened, Poison(1, error=lambda: PermanentError("never")), consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        deliver()
        skipped = sum(dead_letters.skip("orders", Selection(name=Happened.name)))
        deliver()

    assert skipped == 1
    assert remembered() == {"a": [2, 3]}
    assert inbox_states() == []


def test_replaying_what_fails_again_at_once_ends() -> None:
    with subscribed(Happened, Poison(1, error=lambda: PermanentError("never")), consumer="orders"):
        announce_numbers("a", 1)
        deliver()
        batches = dead_letters.replay("orders", Selection())
        next(batches)
        deliver()

        assert list(batches) == []


def test_an_event_that_nobody_handles_any_more_is_parked_and_its_key_goes_on(settings: Settings) -> None:
    settings.EVENTS_ATTEMPTS = 2
    from infra.events.inbox import receive
    from infra.events.outbox_relay import Relay

    with (
        subscribed(AlsoHappened, lambda event: None, consumer="orders"),
        subscribed(Happened, remember, consumer="orders"),
    ):
        announce(AlsoHappened(key="a", number=1), Happened(key="a", number=2))
        sent: list[object] = []
        Relay("catalog", lambda consumer, runs: sent.extend(runs), confirmed_by_handover=True).relay_once()
    with subscribed(Happened, remember, consumer="orders"):
        receive("orders", sent)  # type: ignore[arg-type]
        deliver(rounds=3)

    assert remembered() == {"a": [2]}
    assert inbox_states() == [("a", 1, "parked", 2)]


def test_a_circle_of_events_ends_as_a_dead_letter_with_its_chain(settings: Settings) -> None:
    settings.EVENTS_HOP_LIMIT = 4

    with (
        subscribed(Happened, lambda e: publish(Followed(key=e.key, number=e.number + 1)), consumer="orders"),
        subscribed(Followed, lambda e: publish(Happened(key=e.key, number=e.number + 1)), consumer="catalog"),
    ):
        announce_numbers("a", 1)
        deliver()
    [letter] = dead_letters.dead_letters("orders") + dead_letters.dead_letters("catalog")

    assert "TooManyHops" in letter.error
    chain = letter.error.splitlines()[-1].split(" > ")
    assert len(chain) == 6
    assert chain[0].startswith("Chain: catalog.test_happened.v1")
    assert chain[1].startswith("orders.test_followed.v1")


def test_an_event_whose_handler_kills_the_process_becomes_a_dead_letter_too(settings: Settings) -> None:
    settings.EVENTS_ATTEMPTS = 3

    class Killed(BaseException):
        pass

    def die(event: Happened) -> None:
        raise Killed

    with subscribed(Happened, die, consumer="orders"):
        announce_numbers("a", 1)
        deaths = 0
        for _ in range(20):
            let_retries_be_due()
            with connections["catalog"].cursor() as cursor:
                cursor.execute("UPDATE outbox_relay SET leased_until = NULL")
            try:
                deliver_all(raise_failures=False)
            except Killed:
                deaths += 1

    [letter] = dead_letters.dead_letters("orders")
    assert "DiedBefore" in letter.error
    assert deaths == 3 + 3  # until the relay grows cautious, then every attempt


def test_a_database_out_of_reach_is_no_failed_attempt() -> None:
    def lose_the_connection(event: Happened) -> None:
        remember(event)
        with connections["orders"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with subscribed(Happened, lose_the_connection, consumer="orders"):
        announce_numbers("a", 1)
        deliver()

    assert inbox_states() == []
    assert remembered() == {}

    with connections["catalog"].cursor() as cursor:
        cursor.execute("UPDATE outbox_relay SET leased_until = NULL")
    with subscribed(Happened, remember, consumer="orders"):
        deliver()
    assert remembered() == {"a": [1]}


def test_a_stream_under_way_in_one_process_is_not_tried_in_another() -> None:
    with subscribed(Happened, Poison(1), consumer="orders"):
        announce_numbers("a", 1)
        deliver()

    assert len(retries.claim_due("orders")) == 1
    assert retries.claim_due("orders") == []


def test_an_attempt_that_comes_after_its_claim_counts_for_nothing() -> None:
    poison = Poison(1)

    with subscribed(Happened, poison, consumer="orders"):
        announce_numbers("a", 1)
        deliver()
        late = retries.claim_due("orders")
        let_retries_be_due()
        in_time = retries.claim_due("orders")
        attempts = poison.attempts
        retries.attempt("orders", late)
        assert poison.attempts == attempts
        retries.attempt("orders", in_time)
        retries.attempt("orders", in_time)

    assert poison.attempts == attempts + 1
    assert inbox_states() == [("a", 1, "failed", 2)]
