"""A first copy over several streams is at each moment what a step would have left, whoever is stopped or killed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from infra.extraction.data import application, copying, keys, stream
from infra.extraction.data.errors import LeaseLost
from infra.extraction.data.pace import CHUNK_BYTES, Pace
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import Table
from tests.extraction.data.shop import Pair, fill
from tests.waiting import eventually

SMALL = Pace(rows=20, least=20, most=20)


def up_to_the_frontier(pair: Pair, table: Table, frontier: stream.Frontier) -> tuple[list[str], list[str]]:
    """Return what the target has of a table, and what the source has up to the frontier."""
    query = sql.SQL('SELECT t::text FROM {} t WHERE {} ORDER BY t::text COLLATE "C"')
    everything = sql.SQL("true")
    covered: sql.Composable = everything if frontier.complete else sql.SQL("false")
    if frontier.key is not None and not frontier.complete:
        covered = keys.compared(table, "t", "<=", frontier.key)
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        there = target.execute(query.format(table.on(pair.target.schema), everything)).fetchall()
        here = source.execute(query.format(table.on(pair.source.schema), covered)).fetchall()
    return [row[0] for row in there], [row[0] for row in here]


@pytest.mark.parametrize("streams", [2, 4])
def test_several_streams_end_in_equal_rows_while_others_write(pair: Pair, streams: int) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    ending = threading.Event()

    def write() -> None:
        with pair.application() as shop:
            while not ending.is_set():
                shop.execute("""UPDATE xshop."order" SET total = total + 1 WHERE id % 7 = 0""")
                shop.execute("""DELETE FROM xshop."order" WHERE id = (SELECT max(id) FROM xshop."order")""")
                shop.execute(
                    """WITH c AS (INSERT INTO xshop.customer VALUES (gen_random_uuid(), gen_random_uuid()::text) RETURNING id)
                    INSERT INTO xshop."order" (customer_id, total) SELECT id, 1 FROM c"""
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pair.applier(pace=SMALL, streams=streams) as applier:
            applier.copy_all()
    finally:
        ending.set()
        writer.join()
    with pair.applier() as applier:
        assert applier.copied
        applier.step()
    assert pair.differences() == {}


@pytest.mark.parametrize("chunk", range(1, 25, 4))
def test_a_failure_at_any_chunk_leaves_the_source_up_to_the_frontiers_and_a_repeat_goes_on(
    pair: Pair, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.application() as shop:
        fill(shop, 30)
    pair.begin()
    _fail_at(monkeypatch, lambda begun, task: begun == chunk)
    with pair.applier(pace=SMALL, streams=3) as applier:
        with pytest.raises(ConnectionAbortedError):
            applier.copy_all()
        for table in applier.tables:
            there, here = up_to_the_frontier(pair, table, applier.position.of(table))
            assert there == here, table.name
        monkeypatch.undo()
        applier.copy_all()
    assert pair.differences() == {}


def _fail_at(monkeypatch: pytest.MonkeyPatch, fails: Callable[[int, Any], bool]) -> None:
    copy_chunk, begun, counting = application.copy_chunk, [0], threading.Lock()

    def failing(source: Any, target: Any, sides: Any, chunk: Any) -> int:
        with counting:
            begun[0] += 1
            number = begun[0]
        count = copy_chunk(source, target, sides, chunk)
        if fails(number, chunk):
            raise ConnectionAbortedError("planted")
        return count

    monkeypatch.setattr(copying, "copy_chunk", failing)


class Zombie:
    """An applier that copies over two streams in a thread of its own, and is stopped from going on."""

    def __init__(self, pair: Pair) -> None:
        self._end: BaseException | None = None
        self._thread = threading.Thread(target=self._copy, args=(pair,))
        self._thread.start()

    def _copy(self, pair: Pair) -> None:
        try:
            with pair.applier(streams=2) as applier:
                applier.copy_all()
        except (LeaseLost, psycopg.Error) as error:
            self._end = error

    def refused(self) -> bool:
        """Wait for its end; return whether it was kept from writing."""
        self._thread.join()
        return self._end is not None


def test_workers_of_an_applier_that_stands_still_hold_nobody_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    copy_chunk, reached, waking = application.copy_chunk, threading.Event(), threading.Event()

    def frozen(*arguments: Any) -> int:
        count = copy_chunk(*arguments)
        reached.set()
        waking.wait(30)
        return count

    monkeypatch.setattr(copying, "copy_chunk", frozen)
    zombie = Zombie(pair)
    assert reached.wait(60)
    monkeypatch.undo()
    with pair.applier(streams=2) as applier:
        applier.copy_all()
        assert pair.differences() == {}
        waking.set()
        assert zombie.refused()
        applier.step()
    assert pair.differences() == {}


def test_a_worker_that_stands_still_with_the_lock_is_disconnected_by_the_next_applier(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    save, reached, waking = stream.save, threading.Event(), threading.Event()

    def frozen(target: Any, *arguments: Any) -> None:
        save(target, *arguments)
        if "copying" in target.info.parameter_status("application_name"):
            reached.set()
            waking.wait(60)

    monkeypatch.setattr(stream, "save", frozen)
    zombie = Zombie(pair)
    try:
        assert reached.wait(60)
        monkeypatch.undo()
        with pair.applier(streams=2) as applier:  # it does not wait for the server's patience with the worker
            applier.copy_all()
    finally:
        waking.set()
    assert zombie.refused()
    assert pair.differences() == {}


def test_a_paused_copy_rests_and_says_why_while_changes_are_carried(pair: Pair) -> None:
    with pair.application() as shop, pair.owner(pair.target) as target:
        fill(shop)
        pair.begin()
        with pair.applier(pace=SMALL) as applier:
            applier.step()
            stream.pause(target, pair.target, "the shop has a sale")
            ending = threading.Event()
            following = threading.Thread(target=applier.follow, args=(ending,))
            following.start()
            try:
                eventually(lambda: applier.governor.reason == "paused: the shop has a sale", "it rests")
                eventually(
                    lambda: stream.read(target, pair.target).slowed_by == "paused: the shop has a sale",
                    "everybody can read why",
                )
                before = stream.read(target, pair.target)
                assert not applier.copied
                shop.execute("UPDATE xshop.category SET mood = 'cross'")
                eventually(
                    lambda: stream.read(target, pair.target).cursor != before.cursor, "changes are carried all the same"
                )
                assert stream.read(target, pair.target).frontiers == before.frontiers
                stream.resume(target, pair.target)
                eventually(lambda: applier.copied, "it goes on")
            finally:
                ending.set()
                following.join()
    assert pair.differences() == {}


def test_a_table_of_large_rows_begins_with_few_of_them() -> None:
    pace = Pace(rows=10_000)
    assert pace.for_rows_of(100.0).rows == 10_000
    assert pace.for_rows_of(CHUNK_BYTES / 200).rows == 200
    assert pace.for_rows_of(None).rows == pace.least
    large = pace.for_rows_of(20e6)
    large.learn(large.rows, 0.001)
    assert large.rows == pace.least


def test_streams_are_as_many_as_cores_and_four_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, streams in ((1, 1), (3, 3), (64, 4), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert copying.default_streams() == streams


def test_an_applier_with_one_stream_copies_without_workers(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying.Copying, "round", lambda *_, **__: pytest.fail("a worker for one stream"))
    with pair.application() as shop:
        fill(shop, 5)
    pair.begin()
    with Applier(pair.source, pair.target, [*_names(pair)], streams=1) as applier:
        applier.copy_all()
    assert pair.differences() == {}


def _names(pair: Pair) -> list[str]:
    with pair.applier() as applier:
        return [table.name for table in applier.tables]
