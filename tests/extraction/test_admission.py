"""The entrance of a process: writes of a held module wait and drain, all others pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from infra.extraction import admission as entrance
from infra.extraction.admission import Admission, HeldTooLong, NotDrained
from infra.extraction.record.values import SERVICE, Phase, Where
from tests.waiting import eventually

HERE = {"stock": Where(module="stock", phase=Phase.DUAL_WRITE, revision=1)}
HELD = {"stock": Where(module="stock", phase=Phase.DUAL_WRITE, revision=2, hold=True)}
GONE = {"stock": Where(module="stock", phase=Phase.SWITCHED, revision=3, addresses={SERVICE: "http://stock/"})}


@pytest.fixture
def admission() -> Admission:
    made = Admission()
    made.change(HERE)
    return made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def change(admission: Admission, known: dict[str, Where]) -> None:
    with admission.changing(known):
        pass


def write(admission: Admission, module: str = "stock", seconds: float = 20) -> Where:
    with admission.writing(module, seconds=seconds) as where:
        return where


def test_a_module_that_no_row_tells_of_is_in_process_and_admits() -> None:
    assert write(Admission(), "sales") == Where(module="sales")


def test_a_write_of_a_held_module_waits_and_then_sees_where_the_module_went(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    change(admission, HELD)
    waiting = threads.submit(write, admission)
    other = threads.submit(write, admission, "sales")

    assert other.result(60).module == "sales"
    assert not waiting.done()
    change(admission, GONE)
    assert waiting.result(60).home == SERVICE


def test_a_write_that_waited_too_long_was_not_done(admission: Admission) -> None:
    change(admission, HELD)

    with pytest.raises(HeldTooLong, match="stock has been held"):
        write(admission, seconds=0)
    assert admission.under_way("stock") == 0


def test_a_hold_is_in_force_once_writes_that_began_before_it_are_done(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow() -> None:
        with admission.writing("stock"):
            inside.set()
            leave.wait(60)

    writing = threads.submit(slow)
    assert inside.wait(60)
    holding = threads.submit(change, admission, HELD)
    eventually(lambda: admission.where("stock").hold, "the hold counts for new writes at once")

    assert not holding.done()
    leave.set()
    writing.result(60)
    holding.result(60)


def test_a_hold_is_not_acknowledged_while_a_write_takes_too_long(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "DRAIN_SECONDS", 0.05)

    with admission.writing("stock"), pytest.raises(NotDrained, match="Writes of stock that began before the hold"):
        change(admission, HELD)


def test_what_is_done_within_a_write_does_not_wait_for_the_hold_that_waits_for_it(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    def nested() -> str:
        with admission.writing("stock"):
            holding.append(threads.submit(change, admission, HELD))
            eventually(lambda: admission.where("stock").hold, "the hold began")
            with admission.writing("stock", seconds=0):
                return "went on"

    holding: list[Future[None]] = []
    assert threads.submit(nested).result(60) == "went on"
    holding[0].result(60)


def test_who_waits_goes_on_only_after_what_the_end_of_the_hold_prepares(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    change(admission, HELD)
    waiting = threads.submit(write, admission)

    with admission.changing(GONE):
        assert not waiting.done()
        assert admission.where("stock").hold
    assert waiting.result(60).revision == 3


def test_a_row_that_went_away_ends_its_hold(admission: Admission) -> None:
    change(admission, HELD)
    change(admission, {})

    assert write(admission, seconds=0) == Where(module="stock")


def test_news_are_noticed_at_once_and_waited_for_no_longer_than_asked(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    news = threads.submit(admission.wait_for_news, "stock", 1, seconds=20)
    change(admission, GONE)
    assert news.result(60).revision == 3

    began = time.monotonic()
    assert admission.wait_for_news("stock", 3, seconds=0.01).revision == 3
    assert time.monotonic() - began < 5


def test_no_write_is_under_way_while_a_hold_is_in_force_however_many_come(
    admission: Admission, threads: ThreadPoolExecutor
) -> None:
    stop = threading.Event()

    def keep_writing() -> int:
        count = 0
        while not stop.is_set():
            write(admission)
            count += 1
        return count

    writers = [threads.submit(keep_writing) for _ in range(4)]
    seen = []
    for revision in range(2, 200, 2):
        change(admission, {"stock": Where(module="stock", revision=revision, hold=True)})
        seen.append(admission.under_way("stock"))
        change(admission, {"stock": Where(module="stock", revision=revision + 1)})
    stop.set()

    assert all(writer.result(60) for writer in writers)
    assert seen == [0] * len(seen)
