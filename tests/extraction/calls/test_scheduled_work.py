"""Periodic tasks run where their module is at home: not on both sides, not while it is held, and not twice after a switch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.db import connections

from infra.databases.ownership import acting_as
from infra.extraction.home import NotHere, at_home
from infra.extraction.record import presence
from infra.schedule import declaration, runs
from infra.schedule.clock import Clock
from infra.schedule.declaration import PeriodicTask
from infra.schedule.runs import Claim, claim_due
from tests.extraction.calls.place import Place, Side

Declare = Callable[[Callable[[], object]], str]


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declare a periodic task of orders, and return its name."""
    declared: list[PeriodicTask] = []

    def make(job: Callable[[], object]) -> str:
        name = f"orders.test_{uuid4().hex[:6]}"
        declaration.periodic(every_seconds=3600, lease_seconds=600, name=name, module="orders")(job)
        declared.append(declaration.task_named("orders", name))
        return name

    yield make
    for task in declared:
        declaration.forget(task)


def put_off_others(name: str) -> None:
    """Have nothing due but this, so that the shop's own tasks keep out of the way."""
    for module in declaration.modules_with_tasks():
        runs.ensure_rows(module)
        with connections[module].cursor() as cursor:
            cursor.execute("UPDATE scheduled_task SET next_run_at = now() + interval '1 day' WHERE name <> %s", [name])


def state(side: Side, name: str) -> tuple[int, int, bool]:
    """Return a task's runs, its failures, and whether it is leased."""
    (row,) = side.all(f"SELECT runs, failures, lease IS NOT NULL FROM orders.scheduled_task WHERE name = '{name}'")
    return tuple(row)


def test_a_clock_runs_what_is_due_where_the_module_is_at_home(place: Place, declare: Declare) -> None:
    ran: list[str] = []
    name = declare(lambda: ran.append("here"))
    put_off_others(name)
    place.say(hold=True)
    clock = Clock()

    clock.step()
    assert ran == []  # held
    place.switch()
    clock.step()
    assert ran == []  # elsewhere
    place.switch(to="monolith")
    clock.step()
    assert ran == ["here"]


def test_a_task_under_way_is_among_what_a_hold_waits_for(place: Place, declare: Declare) -> None:
    under_way: list[int] = []
    name = declare(lambda: under_way.append(presence.admission.under_way("orders")))
    put_off_others(name)

    Clock().step()

    assert (under_way, presence.admission.under_way("orders")) == ([1], 0)


def test_a_task_whose_module_moves_away_meanwhile_has_not_failed_and_is_taken_over_at_once(
    place: Place, declare: Declare
) -> None:
    name = declare(lambda: place.switch(tell=False))
    put_off_others(name)

    Clock().step()  # a process that nobody waited for

    assert state(place.service, name) == (0, 0, True)
    place.say(phase="switched", database="service", epoch=2)
    place.service.all(f"UPDATE orders.scheduled_task SET next_run_at = now() WHERE name = '{name}' RETURNING 1")
    assert [claim.name for claim in claimed_at(place.service)] == [name]
    assert claimed_at(place.service) == []  # of the present epoch: it is waited for


def claimed_at(side: Side) -> list[Claim]:
    """Claim what is due on a side, as a process there would."""
    with acting_as("orders", {"NAME": side.database}):
        return claim_due("orders")


def test_a_claim_that_was_taken_over_is_not_run(place: Place, declare: Declare) -> None:
    name = declare(lambda: None)
    put_off_others(name)
    (claim,) = claim_due("orders")
    assert runs.is_held(claim)

    runs.run(claim)

    assert not runs.is_held(claim)


def test_work_for_a_module_elsewhere_is_refused_before_it_begins(place: Place) -> None:
    place.switch()
    with pytest.raises(NotHere, match="does not live here"), at_home("orders"):
        pytest.fail("it began")
    with at_home("catalog"):
        pass


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 and newer; the child does nothing else
def test_a_forked_process_has_neither_its_parents_follower_nor_its_writes(place: Place) -> None:
    with presence.admission.writing("orders"):
        child = os.fork()
        if child == 0:
            is_new = presence._follower is None and presence.admission.under_way("orders") == 0
            os._exit(0 if is_new and presence.where("orders").revision else 1)

    assert os.waitpid(child, 0)[1] == 0
