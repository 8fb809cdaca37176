"""What is noted of handled events and of tasks."""

from __future__ import annotations

from typing import Any

from infra.boundaries.observation.reading import entry_points, observed_arrows
from infra.boundaries.observation.storing import Store
from infra.events.testing import deliver_all, subscribed
from infra.schedule import runs
from infra.schedule.declaration import forget, periodic, task_named
from tests.infra.events.announcing import announce, announce_numbers, let_retries_be_due
from tests.infra.events.facts import Happened


def test_each_event_is_counted_once_with_its_lag(store: Store) -> None:
    with subscribed(Happened, lambda event: None, consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        deliver_all()
    store.store()

    (arrow,) = observed_arrows()
    assert (arrow.kind, arrow.asker, arrow.answerer, arrow.name) == ("event", "orders", "catalog", Happened.name)
    assert (arrow.count, arrow.errors) == (3, 0)
    assert 0 < arrow.p50_ms <= arrow.p99_ms < 60_000


def test_an_event_whose_neighbour_fails_is_still_counted_once(store: Store) -> None:
    failing = [2]

    def handle(event: Happened) -> None:
        if event.number in failing:
            raise RuntimeError("not yet")

    with subscribed(Happened, handle, consumer="orders"):
        announce(Happened(key="a", number=1), Happened(key="b", number=2))
        deliver_all(raise_failures=False)
        failing.clear()
        let_retries_be_due()
        deliver_all()
    store.store()

    (arrow,) = observed_arrows()
    assert (arrow.count, arrow.errors) == (3, 1)
    assert dict(arrow.outcomes) == {"handled": 2, "failed": 1}


def test_handled_events_and_tasks_are_journeys(store: Store) -> None:
    periodic(every_seconds=60, name="orders.a_task_of_the_tests", module="orders")(lambda: None)
    task = task_named("orders", "orders.a_task_of_the_tests")
    try:
        runs.ensure_rows("orders")
        for claim in runs.claim_due("orders", regardless_of_time=True):
            if claim.name == task.name:
                runs.run(claim)
    finally:
        forget(task)
    with subscribed(Happened, lambda event: None, consumer="orders"):
        announce_numbers("a", 1)
        deliver_all()
    store.store()

    found = {(entry.kind, entry.entry): entry.journeys for entry in entry_points()}
    assert found == {("task", task.name): 1, ("event", f"{Happened.name} in orders"): 1}


def test_requests_are_journeys_by_their_route_whatever_strangers_send(store: Store, client: Any) -> None:
    client.get("/healthz")
    client.get("/healthz?a=b")
    client.generic("MADEUP", "/healthz")
    client.get("/no/such/page")
    store.store()

    found = {entry.entry: entry.journeys for entry in entry_points() if entry.kind == "request"}
    assert found == {"GET /healthz": 2, "other /healthz": 1, "GET /unmatched": 1}


def test_what_is_rolled_back_was_not_handled(store: Store) -> None:
    def handle(event: Happened) -> None:
        raise RuntimeError("never")

    with subscribed(Happened, handle, consumer="orders"):
        announce_numbers("a", 1, 2, 3)
        deliver_all(raise_failures=False)
    store.store()

    (arrow,) = observed_arrows()
    assert dict(arrow.outcomes) == {"failed": 1}
