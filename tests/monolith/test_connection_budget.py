"""The number of connections is bounded, and the bound is said."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from infra.deployment import gunicorn
from infra.deployment.serving.connection_budget import ConnectionBudget, budgets

pytestmark = pytest.mark.usefixtures("database")


def test_the_budget_is_processes_times_aliases_times_pool_against_what_the_server_allows() -> None:
    (budget,) = budgets(processes=3)

    size = settings.DATABASES["orders"]["OPTIONS"]["pool"]["max_size"]
    assert budget.most == 3 * len(settings.ALIASES) * size
    assert 0 < budget.allowed < 10_000
    assert str(budget).startswith(f"3 processes x 6 schemas x {size} pooled = at most {budget.most} of")


def test_a_budget_that_does_not_fit_says_what_to_lower() -> None:
    budget = ConnectionBudget(server="db:5432", processes=9, aliases=6, pool_size=4, allowed=97)

    assert not budget.fits
    assert str(budget).endswith("TOO MANY, lower DATABASE_POOL_SIZE or WEB_PROCESSES")


def test_a_process_never_opens_more_connections_than_its_pool_has() -> None:
    size = settings.DATABASES["users"]["OPTIONS"]["pool"]["max_size"]
    everyone_has_asked = threading.Barrier(size * 3)

    def ask(_: int) -> int:
        everyone_has_asked.wait(60)
        with connections["users"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.01), pg_backend_pid()")
            answering = cursor.fetchone()[1]
        connections["users"].close()
        return int(answering)

    with ThreadPoolExecutor(size * 3) as pool:
        assert 1 < len(set(pool.map(ask, range(size * 3)))) <= size


def test_as_many_requests_as_a_web_process_has_threads_each_keep_a_connection_to_their_end() -> None:
    everyone_has_one = threading.Barrier(gunicorn.threads, timeout=60)

    def wait_for_a_slow_partner(_: int) -> None:
        connections["users"].ensure_connection()
        everyone_has_one.wait()  # breaks when one of them gets none
        connections["users"].close()

    connections["users"].close()
    with ThreadPoolExecutor(gunicorn.threads) as pool:
        list(pool.map(wait_for_a_slow_partner, range(gunicorn.threads)))


def test_a_pool_in_which_nothing_becomes_free_gives_up_instead_of_waiting_for_ever() -> None:
    size = settings.DATABASES["users"]["OPTIONS"]["pool"]["max_size"]
    released, held = threading.Event(), threading.Semaphore(0)

    def hold(_: int) -> None:
        with connections["users"].cursor() as cursor:
            cursor.execute("SELECT 1")
            held.release()
            released.wait(60)
        connections["users"].close()

    connections["users"].close()
    with ThreadPoolExecutor(size) as pool:
        waiting = [pool.submit(hold, number) for number in range(size)]
        for _ in range(size):
            assert held.acquire(timeout=60)
        try:
            with pytest.raises(OperationalError, match=r"couldn't get a connection"):
                connections["users"].ensure_connection()
        finally:
            released.set()
        for each in waiting:
            each.result()
