"""The shop as one command: opened, stopped, killed, opened again."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.databases.embedded.processes import command_line
from tests.monolith.shop import OPENING_SECONDS, manage, open_shop, variables
from tests.servers import free_port


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """One state folder for all tests of this file: what one leaves behind, the next has to cope with."""
    parent = Path(tempfile.mkdtemp(prefix="banyan-state-"))
    parent.chmod(0o755)
    yield parent / "state"
    EmbeddedServer(parent / "state" / "postgres").remove()
    shutil.rmtree(parent)


@pytest.fixture
def server(state: Path) -> EmbeddedServer:
    return EmbeddedServer(state / "postgres")


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + OPENING_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_it_opens_on_an_empty_folder_and_closes_without_a_trace(state: Path, server: EmbeddedServer) -> None:
    port = free_port()

    with open_shop(variables(state, PORT=str(port))) as shop:
        assert get(port, "/healthz") == 200
        assert get(port, "/readyz") == 200
        assert server.is_running()
        for told in (
            f"http://127.0.0.1:{port}/api/docs",
            "customer@example.com",
            "import_products",
            "of 197 connections",
        ):
            assert told in shop.said
        assert shop.end(signal.SIGINT) == 0

    assert "Traceback" not in shop.said
    assert not server.is_running()
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")


def test_a_second_start_keeps_the_data_and_makes_nothing_anew(state: Path, server: EmbeddedServer) -> None:
    with server.in_use(), psycopg.connect(server.url(SUPERUSER)) as connection:
        before = connection.execute("SELECT id FROM users.users_customer ORDER BY id").fetchall()

    with (
        open_shop(variables(state, PORT=str(free_port()))) as shop,
        psycopg.connect(server.url(SUPERUSER)) as connection,
    ):
        after = connection.execute("SELECT id FROM users.users_customer ORDER BY id").fetchall()

    assert before == after != []
    assert "applied" not in shop.said
    assert "products in" not in shop.said


def test_a_request_in_flight_is_finished_before_it_stops(state: Path, server: EmbeddedServer) -> None:
    port = free_port()
    with open_shop(variables(state, PORT=str(port))) as shop, ThreadPoolExecutor(1) as customer:
        with psycopg.connect(server.url(SUPERUSER)) as blocker:
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'catalog' AND tablename LIKE 'catalog%'"
            for (table,) in blocker.execute(tables).fetchall():
                blocker.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier("catalog", table)))
            answer = customer.submit(get, port, "/api/v1/catalog/products")
            waiting = "SELECT 1 FROM pg_stat_activity WHERE usename = 'catalog' AND wait_event_type = 'Lock'"
            with psycopg.connect(server.url(SUPERUSER), autocommit=True) as observer:
                wait_until(lambda: observer.execute(waiting).fetchone() is not None)

            shop.process.send_signal(signal.SIGTERM)
            shop.wait_for("requests in flight are finished first")
            assert not answer.done()

        assert answer.result(60) == 200
        assert shop.end() == 0


def test_a_killed_start_leaves_nothing_that_the_next_one_cannot_use(state: Path, server: EmbeddedServer) -> None:
    port = free_port()
    with open_shop(variables(state, PORT=str(port))) as killed:
        web_server = json.loads((state / "serve.lock").read_text())["web_server"]
        killed.process.kill()
        killed.process.wait()
        assert server.is_running()

        # At once, on the same port: the web server is just noticing that its parent is gone.
        with open_shop(variables(state, PORT=str(port))):
            assert get(port, "/readyz") == 200
            assert "gunicorn" not in command_line(web_server)

    assert not server.is_running()


def test_a_killed_worker_is_replaced(state: Path) -> None:
    port = free_port()
    with open_shop(variables(state, PORT=str(port))):
        master = json.loads((state / "serve.lock").read_text())["web_server"]
        first = children(master)
        for worker in first:
            os.kill(worker, signal.SIGKILL)

        wait_until(lambda: len(children(master) - first) == len(first))
        assert get(port, "/readyz") == 200


def test_a_database_server_that_dies_is_started_again(state: Path, server: EmbeddedServer) -> None:
    port = free_port()
    with open_shop(variables(state, PORT=str(port))) as shop:
        os.kill(int((server.cluster / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)

        shop.wait_for("PostgreSQL ended by itself; starting it again.")
        wait_until(lambda: get(port, "/readyz") == 200)


def test_a_second_shop_in_one_checkout_is_told_of_the_first(state: Path) -> None:
    port = free_port()
    with open_shop(variables(state, PORT=str(port))):
        second = manage(["serve"], variables(state, PORT=str(free_port())))

    assert second.returncode == 1
    assert second.stderr.startswith(f"The shop of this checkout already runs on http://127.0.0.1:{port} (process ")
    assert second.stderr.count("\n") == 1


def test_a_command_beside_the_shop_uses_its_database_and_one_alone_starts_and_stops_it(
    state: Path, server: EmbeddedServer
) -> None:
    alone = manage(["migrate_modules"], variables(state))
    assert not server.is_running()

    with open_shop(variables(state, PORT=str(free_port()))):
        beside = manage(["migrate_modules"], variables(state))
        assert server.is_running()

    for completed in (alone, beside):
        assert completed.returncode == 0, completed.stderr
        assert "orders: up to date" in completed.stdout


def test_a_busy_port_is_named_with_a_free_one(state: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused = manage(["serve"], variables(state, PORT=str(port)))

    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in refused.stderr
    assert "or choose another port: PORT=" in refused.stderr
    assert "Traceback" not in refused.stderr


def children(pid: int) -> set[int]:
    return {
        int(status.parent.name)
        for status in Path("/proc").glob("[0-9]*/stat")
        if _field(status, 1) == str(pid) and _field(status, 0) != "Z"
    }


def _field(status: Path, number: int) -> str:
    """Return a field of Linux's process status, counted behind the program's name."""
    try:
        return status.read_text().rpartition(")")[2].split()[number]
    except OSError:
        return ""
