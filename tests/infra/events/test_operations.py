"""What people and monitoring see of delivery, and what they can do."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections

from infra.events.clean_up import delete_old_events
from infra.events.lag import lag_of
from infra.events.subscriptions import PermanentError
from infra.events.testing import deliver_all, published, subscribed
from tests.infra.events.announcing import announce_numbers, inbox_states
from tests.infra.events.effects import remember, remembered
from tests.infra.events.facts import Happened

pytestmark = pytest.mark.usefixtures("effects")

AT_ONCE = timedelta(seconds=-10)


def refuse(event: Happened) -> None:
    raise PermanentError(f"never {event.number}")


def events(*arguments: str) -> str:
    output = StringIO()
    call_command("events", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def dead_letters(*numbers: int) -> None:
    for number in numbers:
        announce_numbers(f"key-{number}", number)
    with subscribed(Happened, refuse, consumer="orders"):
        deliver_all(raise_failures=False)


def test_lag_counts_what_is_not_settled_and_how_old_it_is() -> None:
    announce_numbers("a", 1, 2)
    before = lag_of("catalog")
    with subscribed(Happened, refuse, consumer="orders"):
        deliver_all(raise_failures=False)
    after, consumer = lag_of("catalog"), lag_of("orders")

    assert (before.ready, before.oldest_ready_seconds > 0) == (2, True)
    assert before.oldest_unsettled_seconds == before.oldest_ready_seconds
    assert (after.ready, after.oldest_unsettled_seconds) == (0, 0)
    assert (consumer.dead, consumer.waiting, consumer.blocked_keys) == (1, 1, 1)
    assert consumer.oldest_waiting_seconds > 0


def test_lag_as_a_table_and_as_json() -> None:
    announce_numbers("a", 1, 2)

    table, [catalog] = events("lag"), json.loads(events("lag", "--json", "--module", "catalog"))

    assert [line.split()[:2] for line in table.splitlines()][:2] == [["module", "ready"], ["catalog", "2"]]
    assert (catalog["module"], catalog["ready"]) == ("catalog", 2)


def test_dead_letters_are_listed_with_their_errors() -> None:
    dead_letters(1, 2)

    table = events("dead-letters")
    [letter] = json.loads(events("dead-letters", "--key", "key-2", "--json"))

    assert "catalog.test_happened.v1" in table
    assert "PermanentError: never 1" in table
    assert (letter["consumer"], letter["key"], letter["attempts"]) == ("orders", "key-2", 1)
    assert "Chain: catalog.test_happened.v1" in letter["error"]


def test_without_dead_letters_that_is_said() -> None:
    assert events("dead-letters") == "No dead letters.\n"


@pytest.mark.parametrize("selection", [["--key", "key-2"], ["--name", Happened.name], ["--all"], ["--id"]])
def test_dead_letters_are_replayed_by_id_name_key_or_all(selection: list[str]) -> None:
    dead_letters(2)
    if selection == ["--id"]:
        selection = ["--id", json.loads(events("dead-letters", "--json"))[0]["id"]]

    said = events("replay", *selection)
    with subscribed(Happened, remember, consumer="orders"):
        deliver_all()

    assert said.startswith("1 will be tried again now")
    assert remembered() == {"key-2": [2]}


def test_dead_letters_can_be_left_out() -> None:
    dead_letters(1, 2, 3)

    assert json.loads(events("replay", "--all", "--skip", "--json")) == {"skipped": 3}
    assert inbox_states() == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay"], "Say which"),
        (["replay", "--all", "--key", "a"], "Say which"),
        (["replay", "--key", "nowhere"], "No dead letter matches"),
        (["replay", "--id", "7"], "is not an event id"),
        (["lag", "--module", "gardening"], "No module here is called gardening"),
        ([], "required"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        events(*arguments)


def test_old_events_are_deleted_once_they_are_handed_over() -> None:
    announce_numbers("a", *range(5))
    with subscribed(Happened, remember, consumer="orders"):
        deliver_all()
    announce_numbers("a", 5, 6)
    announce_numbers("never-relayed", 1)

    young = delete_old_events("catalog")
    old = delete_old_events("catalog", retention=AT_ONCE)

    assert (young, old) == (0, 5)
    assert [event.number for event in published(Happened)] == [5, 6, 1]


def test_order_goes_on_after_a_clean_up() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1, 2)
        deliver_all()
        delete_old_events("catalog", retention=AT_ONCE)
        announce_numbers("a", 3)
        deliver_all()

    assert remembered() == {"a": [1, 2, 3]}


def test_events_whose_arrival_is_not_confirmed_are_kept() -> None:
    announce_numbers("a", 1)
    with subscribed(Happened, remember, consumer="orders"):
        deliver_all()
    with connections["catalog"].cursor() as cursor:
        cursor.execute("UPDATE outbox_relay SET unconfirmed_since = now()")

    assert delete_old_events("catalog", retention=AT_ONCE) == 0


def test_the_database_refuses_two_events_with_one_number() -> None:
    announce_numbers("a", 1)

    with connections["catalog"].cursor() as cursor, pytest.raises(IntegrityError, match="outbox_event_stream_seq"):
        cursor.execute(
            "INSERT INTO outbox_event (id, stream, seq, name, payload)"
            " SELECT gen_random_uuid(), stream, seq, name, payload FROM outbox_event"
        )


def test_the_database_refuses_an_unknown_state() -> None:
    dead_letters(1)

    with connections["orders"].cursor() as cursor, pytest.raises(IntegrityError, match="inbox_event_state"):
        cursor.execute("UPDATE inbox_event SET state = 'planted'")


def test_no_index_is_kept_that_nothing_uses() -> None:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename ~ '^(out|in)box_' AND indexname LIKE '%like'")
        assert cursor.fetchall() == []
