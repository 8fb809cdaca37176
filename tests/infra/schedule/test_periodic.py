from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from infra.schedule import declaration, runs
from infra.schedule.clock import Clock
from infra.schedule.declaration import periodic, tasks_of
from infra.schedule.testing import run_all_due
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _no_other_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declaration, "_tasks", {})


def declare(run: Callable[[], object], **options: Any) -> None:
    periodic(**{"every_seconds": 3600, "module": "orders", "name": "orders.counted", **options})(run)


def row(name: str = "orders.counted") -> dict[str, Any]:
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM scheduled_task t WHERE name = %s", [name])
        (found,) = cursor.fetchone()
    return dict(json.loads(found))


def let_lease_run_out() -> None:
    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE scheduled_task SET leased_until = now() - interval '1 second'")


def test_a_task_runs_once_per_period() -> None:
    ran: list[int] = []
    declare(lambda: ran.append(1))

    assert run_all_due() == ["orders.counted"]
    assert run_all_due() == []
    assert run_all_due(regardless_of_time=True) == ["orders.counted"]
    assert len(ran) == 2


def test_many_processes_that_look_at_once_run_it_once() -> None:
    ran: list[int] = []
    declare(lambda: ran.append(1))
    runs.ensure_rows("orders")
    together = threading.Barrier(4)

    def look() -> None:
        try:
            together.wait()
            for claim in runs.claim_due("orders"):
                runs.run(claim)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(look) for _ in range(4)]:
            future.result()

    assert len(ran) == 1


def test_a_task_under_way_is_given_to_another_process_only_when_its_lease_has_run_out() -> None:
    declare(lambda: None)
    runs.ensure_rows("orders")
    [killed] = runs.claim_due("orders")

    while_leased = runs.claim_due("orders", regardless_of_time=True)
    let_lease_run_out()
    [taken_over] = runs.claim_due("orders", regardless_of_time=True)
    runs.run(killed)

    assert while_leased == []
    assert taken_over.lease != killed.lease
    assert row()["lease"] == taken_over.lease  # the late one did not end the run of the other


def test_an_error_is_counted_and_the_task_runs_again_at_its_next_period() -> None:
    def fail() -> None:
        raise RuntimeError("planted")

    declare(fail)

    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="1 periodic tasks failed"):
            run_all_due(regardless_of_time=True)

    assert (row()["runs"], row()["failures"], row()["last_error"]) == (2, 2, "RuntimeError: planted")


def test_success_after_an_error_clears_it() -> None:
    errors = [RuntimeError("planted")]

    def fail_once() -> None:
        if errors:
            raise errors.pop()

    declare(fail_once)
    with pytest.raises(ExceptionGroup):
        run_all_due()
    run_all_due(regardless_of_time=True)

    assert (row()["runs"], row()["failures"], row()["last_error"]) == (2, 1, "")


def test_missed_periods_are_not_made_up_for() -> None:
    ran: list[int] = []
    declare(lambda: ran.append(1), every_seconds=60)
    run_all_due()
    with connections["orders"].cursor() as cursor:
        cursor.execute("UPDATE scheduled_task SET next_run_at = now() - interval '1 day'")

    assert run_all_due() == ["orders.counted"]
    assert run_all_due() == []
    assert len(ran) == 2


def test_the_clock_runs_what_is_due_and_goes_on_after_errors() -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("failing")
        raise RuntimeError("planted")

    declare(fail, name="orders.failing", every_seconds=0.01)
    declare(lambda: ran.append("working"), name="orders.working", every_seconds=0.01)
    stop = threading.Event()
    thread = threading.Thread(target=Clock().run, args=[stop])
    thread.start()
    try:
        eventually(lambda: min(ran.count("failing"), ran.count("working")) >= 2, "both have run twice")
    finally:
        stop.set()
        thread.join()


def test_the_module_is_the_app_that_holds_the_function() -> None:
    def sweep() -> None: ...

    sweep.__module__ = "modules.payments.tasks"
    periodic(every_seconds=5)(sweep)

    [task] = tasks_of("payments")
    assert task.name == "payments.sweep"


def test_what_belongs_to_no_module_belongs_to_the_composition_root() -> None:
    periodic(every_seconds=5)(run_all_due)

    assert [task.name for task in tasks_of("default")] == ["default.run_all_due"]


def test_one_name_for_two_functions_is_refused() -> None:
    declare(lambda: None)

    with pytest.raises(ImproperlyConfigured, match="give one another name"):
        declare(lambda: None)


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="longer than 0"):
        declare(lambda: None, every_seconds=0)
