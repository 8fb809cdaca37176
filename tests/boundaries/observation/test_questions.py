"""What is noted of calls, and what becomes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import Settings

from infra.boundaries.models import Observation
from infra.boundaries.observation import recording, storing, sums
from infra.boundaries.observation.reading import entry_points, observed, observed_arrows
from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.storing import Store, forget_everything, forget_old_days
from infra.boundaries.runtime.transactions import CallInOpenTransaction
from infra.contracts import journeys, resolve
from infra.errors import DomainError
from tests.infra.contracts.echo import Echo, EchoContract


def ask(times: int = 1) -> None:
    for _ in range(times):
        resolve(EchoContract, caller="tests").water(litres=1)


def test_who_asked_whom_for_what_is_counted_with_its_time(echo: Echo, store: Store) -> None:
    begun = datetime.now(UTC)

    ask(times=3)
    store.store()

    (arrow,) = observed_arrows()
    assert (arrow.kind, arrow.asker, arrow.answerer, arrow.name) == ("question", "tests", "echo", "echo.v1")
    assert (arrow.method, arrow.what) == ("water", "echo.v1 water")
    assert (arrow.count, arrow.errors, arrow.in_transactions) == (3, 0, 0)
    assert 0 < arrow.p50_ms <= arrow.p99_ms < arrow.seconds * 1500
    assert begun <= arrow.last_seen <= datetime.now(UTC)


def test_refusals_of_the_business_are_answers_and_failures_are_errors(echo: Echo, store: Store) -> None:
    for how in ("declared", "plain", "undeclared"):
        with suppress(DomainError, Exception):
            resolve(EchoContract, caller="tests").refuse(how=how)
    store.store()

    (arrow,) = observed_arrows()
    assert (arrow.count, arrow.errors) == (3, 1)
    assert dict(arrow.outcomes) == {"declared": 2, "contract_violation": 1}


@pytest.mark.parametrize("policy", ["raise", "log"])
def test_a_question_inside_a_transaction_is_counted_under_either_policy(
    echo: Echo, store: Store, settings: Settings, policy: str
) -> None:
    settings.GUARD_POLICY = policy
    ask()

    with suppress(CallInOpenTransaction), transaction.atomic(using="orders"):
        ask()
    store.store()

    (arrow,) = observed_arrows()
    assert (arrow.count, arrow.in_transactions) == (2, 1)
    assert arrow.errors == (1 if policy == "raise" else 0)


def test_a_question_asked_in_order_to_answer_another_is_deeper(echo: Echo, store: Store) -> None:
    echo.before = lambda name: ask() if name == "plant" else None
    token = journeys.begin("task", "gardening")

    resolve(EchoContract, caller="tests").plant(key="k", tree=UUID(int=1))
    journeys.end(token)
    store.store()

    assert {arrow.method: arrow.deepest for arrow in observed_arrows()} == {"plant": 1, "water": 2}


def test_questions_are_counted_by_the_journey_that_they_are_asked_on(echo: Echo, store: Store) -> None:
    for times in (0, 2, 7):
        token = journeys.begin("task", "gardening")
        ask(times)
        journeys.end(token)
    store.store()

    (entry,) = entry_points()
    assert (entry.kind, entry.entry, entry.journeys, entry.count, entry.most) == ("task", "gardening", 3, 9, 7)
    assert (entry.per_journey, entry.p50, entry.p99) == (3.0, 2, 7)
    (asked,) = entry.asked
    assert (asked.asker, asked.contract, asked.method) == ("tests", "echo.v1", "water")
    assert (asked.journeys, asked.count, asked.most, asked.per_journey) == (2, 9, 7, 4.5)


def test_what_several_processes_store_adds_up(echo: Echo, database: None) -> None:
    for _ in range(2):
        process = Recorder()
        process.begin()
        ask(times=2)
        process.stop()
        Store(process).store()

    (arrow,) = observed_arrows()
    assert arrow.count == 4
    assert Observation.objects.count() == 1


def test_nothing_is_lost_when_many_threads_ask_at_once(echo: Echo, store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(ask, 200)
        for _ in range(5):
            store.store()
    store.store()

    (arrow,) = observed_arrows()
    assert arrow.count == 1600


def test_what_cannot_be_stored_is_kept_and_comes_later(
    echo: Echo, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    with monkeypatch.context() as away:
        away.setattr(storing, "ALIAS", "nowhere")
        with pytest.raises(Exception, match="nowhere"):  # an alias that is not there
            store.store()

    ask()
    store.store()

    (arrow,) = observed_arrows()
    assert arrow.count == 2


def test_memory_is_bounded_whatever_comes(
    echo: Echo, store: Store, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_NOTES", 10)
    monkeypatch.setattr(sums, "MOST_SUMS", 3)

    for number in range(8):
        token = journeys.begin("task", f"with an id in its name: {number}")
        journeys.end(token)
    ask(times=8)
    store.store()

    assert recorder.missed == 6
    assert Observation.objects.count() == 3


def test_days_are_kept_for_a_month_and_forgotten_then(echo: Echo, store: Store) -> None:
    ask()
    store.store()
    Observation.objects.update(day=datetime.now(UTC).date() - timedelta(days=storing.RETENTION_DAYS + 1))
    ask()
    store.store()

    assert [arrow.count for arrow in observed_arrows(days=1000)] == [2]
    assert forget_old_days() == 1
    assert [arrow.count for arrow in observed_arrows(days=1000)] == [1]


def test_all_that_was_seen_can_be_forgotten(echo: Echo, store: Store) -> None:
    ask()
    store.store()
    assert observed()

    forget_everything()

    assert not observed()


def test_a_recorder_that_was_stopped_notes_nothing(echo: Echo, store: Store, recorder: Recorder) -> None:
    recorder.stop()

    ask()

    assert store.store() == 0
