"""The record of truth: compare-and-set, history, and processes that follow it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from infra.extraction.record.acknowledging import NotAcknowledged, await_acknowledged, behind
from infra.extraction.record.changing import RecordMoved, change, history, read, read_all
from tests.databases import admin_url
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database", "django_db_unblocked")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def django_db_unblocked(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connections.close_all()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process that follows the record."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, *, lease_seconds: float = 2.0) -> subprocess.Popen[str]:
        login = connections["default"].settings_dict
        url = f"postgresql://{login['USER']}:{login['PASSWORD']}@{login['HOST']}:{login['PORT']}/{login['NAME']}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.extraction.record.follower", url, name, str(lease_seconds)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        line(process)  # what it knew first
        answer(process, "any")  # it has acknowledged that
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def answer(process: subprocess.Popen[str], module: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{module}\n")
    process.stdin.flush()
    return line(process)


def test_a_module_without_a_row_is_in_process() -> None:
    where = read("ledger")
    assert (where.phase, where.epoch, where.revision, where.hold) == ("in_process", 1, 0, False)


def test_a_change_is_written_with_who_why_and_what_stood_before() -> None:
    first = change(read("ledger"), who="ada", why="begin", phase="shared_database", shares={"read": 5})
    second = change(first, who="bob", why="enough", phase="in_process", shares={})
    assert read_all() == {"ledger": second}
    assert [(one.who, one.why, one.after["phase"]) for one in history("ledger")] == [
        ("bob", "enough", "in_process"),
        ("ada", "begin", "shared_database"),
    ]
    newest, oldest = history("ledger")
    assert newest.before is not None
    assert (newest.before["phase"], newest.before["shares"], oldest.before) == ("shared_database", {"read": 5}, None)


def test_who_decided_on_an_old_reading_changes_nothing() -> None:
    old = read("ledger")
    change(old, who="ada", why="begin", phase="shared_database")
    with pytest.raises(RecordMoved, match="is at"):
        change(old, who="bob", why="begin", phase="dual_write")
    assert read("ledger").phase == "shared_database"
    assert len(history("ledger")) == 1


def test_of_several_changes_at_once_from_one_reading_exactly_one_is_made() -> None:
    before = change(read("ledger"), who="ada", why="begin", phase="shared_database")

    def attempt(number: int) -> bool:
        try:
            change(before, who=str(number), why="race", epoch=number)
        except RecordMoved:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(2, 10))) == 1


def test_processes_hear_of_a_change_at_once_and_acknowledge_it(start: Start) -> None:
    now = change(read("ledger"), who="ada", why="begin", phase="shared_database")
    processes = [start(f"web {number}") for number in range(3)]
    waits = []
    for number in range(5):
        now = change(now, who="ada", why="go on", hold=bool(number % 2))
        waits.append(await_acknowledged(now.revision, 20))
        assert [line(process) for process in processes] == [f"acts on ledger=shared_database@{now.revision}"] * 3
    sys.stdout.write(f"acknowledged by 3 processes after {sorted(waits)[2] * 1000:.0f} ms (median of 5)\n")


def test_a_killed_process_is_waited_for_as_long_as_its_lease_and_no_longer(start: Start) -> None:
    now = change(read("ledger"), who="ada", why="begin", phase="shared_database")
    process = start("web", lease_seconds=1.0)
    process.kill()
    process.wait()
    now = change(now, who="ada", why="go on", phase="dual_write")
    with pytest.raises(NotAcknowledged, match="web"):
        await_acknowledged(now.revision, 0.01)
    assert await_acknowledged(now.revision, 20) < 5


def test_a_frozen_process_does_not_act_on_what_it_knew_when_it_wakes(start: Start) -> None:
    now = change(read("ledger"), who="ada", why="begin", phase="shared_database")
    process = start("web", lease_seconds=1.0)
    assert answer(process, "ledger") == "shared_database"
    process.send_signal(signal.SIGSTOP)
    now = change(now, who="ada", why="go on", phase="dual_write")
    await_acknowledged(now.revision, 20)
    process.send_signal(signal.SIGCONT)
    # Whatever thread comes first: it says that it does not know, or what is true now.
    said = answer(process, "ledger")
    assert said != "shared_database"
    eventually(lambda: not behind(now.revision), "the woken process acknowledges")


def test_a_process_whose_connection_is_cut_comes_back_by_itself(start: Start) -> None:
    now = change(read("ledger"), who="ada", why="begin", phase="shared_database")
    process = start("web", lease_seconds=3.0)
    with psycopg.connect(admin_url("postgres"), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = %s",
            [connections["default"].settings_dict["NAME"], "web"],
        )
    now = change(now, who="ada", why="go on", phase="dual_write")
    await_acknowledged(now.revision, 20)
    assert line(process) == f"acts on ledger=dual_write@{now.revision}"


def test_a_process_that_ends_in_order_is_not_waited_for(start: Start) -> None:
    now = change(read("ledger"), who="ada", why="begin", phase="shared_database")
    process = start("web", lease_seconds=60.0)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=60)
    now = change(now, who="ada", why="go on", phase="dual_write")
    assert await_acknowledged(now.revision, 0.5) < 0.5
