"""Lives, and can serve: two different questions."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from infra.databases.ownership import as_owner
from infra.observability import readiness
from tests.api import Api

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _nothing_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_migrations_seen", (float("-inf"), {"unknown": 1}))
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 10.0)  # a busy machine is no failure


@contextmanager
def unreachable(alias: str, instead: str = "1") -> Iterator[None]:
    """Nothing listens at the alias's address, or something else does."""
    login = connections.settings[alias]
    port, login["PORT"] = login["PORT"], instead
    pool = login["OPTIONS"].pop("pool", None)
    try:
        yield
    finally:
        login["PORT"] = port
        if pool is not None:
            login["OPTIONS"]["pool"] = pool


def test_a_process_with_its_databases_and_tables_is_ready(api: Api) -> None:
    answer = api.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert answer["Cache-Control"] == "no-store"


def test_a_database_out_of_reach_is_named_and_the_process_lives_on(api: Api) -> None:
    with unreachable("shipping"):
        answer = api.get("/readyz")

        assert answer.status_code == 503
        assert answer.json() == {"status": "not ready", "failing": {"database shipping": "OperationalError"}}
        assert answer["Retry-After"] == "5"
        assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").status_code == 200


def test_a_database_that_keeps_silent_is_waited_for_no_longer_than_a_second(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent, unreachable("shipping", str(silent.getsockname()[1])):
        began = time.monotonic()

        answer = api.get("/readyz")

        assert time.monotonic() - began < 5
        assert answer.status_code == 503
        assert answer.json()["failing"]["database shipping"] == "no answer in time"


def test_a_missing_migration_is_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'idempotency' RETURNING id, app, name, applied")
        rows = cursor.fetchall()
    try:
        answer = api.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["failing"] == {"migrations of orders": "1 not applied"}
    finally:
        with as_owner("orders"), connections["orders"].cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (id, app, name, applied) VALUES (%s, %s, %s, %s)", rows)

    monkeypatch.setattr(readiness, "RECHECK_SECONDS", 0.0)
    assert api.get("/readyz").status_code == 200


def test_a_pool_at_work_is_no_reason_to_be_taken_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.get("/readyz").status_code == 200
    connections.close_all()  # as at the end of a request
    size = connections["catalog"].pool.max_size  # type: ignore[attr-defined]
    done, busy = threading.Event(), threading.Barrier(size + 1)

    def work() -> None:
        with connections["catalog"].cursor() as cursor:
            cursor.execute("SELECT 1")
            busy.wait(60)
            done.wait(60)
        connections["catalog"].close()

    workers = [threading.Thread(target=work) for _ in range(size)]
    for worker in workers:
        worker.start()
    busy.wait(60)
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 1.0)
    try:
        answer = api.get("/readyz")
    finally:
        done.set()
        for worker in workers:
            worker.join(60)

    assert "database catalog" not in answer.json().get("failing", {})


def test_health_asks_no_database(api: Api) -> None:
    with unreachable("default"), unreachable("catalog"):
        assert api.get("/healthz").status_code == 200
