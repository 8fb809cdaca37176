"""Defects of the algorithm that look right at first sight, each planted and seen, beside the same scenario without it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql

from infra.extraction.data import application, capture, comparison, copying, log, progress, stream
from infra.extraction.data.application import Application
from infra.extraction.data.comparison import compare
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import DataPlaneError, LeaseLost, NotYetThere, SourceChanged, TargetChanged
from infra.extraction.data.pace import Pace
from infra.extraction.data.step import Applier
from tests.databases import admin_url
from tests.extraction.data.shop import NAMES, Pair, fill, two_databases
from tests.waiting import eventually

Scenario = Any  # a function of a Pair
Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def shared() -> Iterator[Pair]:
    with two_databases() as made:
        yield made


@pytest.fixture
def fresh(shared: Pair) -> Pair:
    with connect(shared.source, "test") as source, connect(shared.target, "test") as target:
        capture.remove(source, shared.source)
        stream.end(target, shared.target)
        every = sql.SQL(", ").join(sql.Identifier(shared.source.schema, name) for name in NAMES)
        source.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(every))
    with shared.application() as shop:
        fill(shop, 20)
    return shared


def a_late_commit(pair: Pair) -> None:
    pair.begin()
    with pair.application() as early, pair.application() as late, pair.applier() as applier:
        applier.copy_all()
        early.execute("BEGIN; INSERT INTO xshop.tag VALUES ('early')")
        late.execute("INSERT INTO xshop.tag VALUES ('late')")
        applier.step()
        early.execute("COMMIT")
        applier.step()
    assert pair.differences() == {}


def a_write_right_after_the_snapshot(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier:
        applier.copy_all()
        found = log.touched

        def touched(*arguments: Any) -> Any:
            answer = found(*arguments)
            shop.execute("INSERT INTO xshop.tag VALUES (%s)", [uuid.uuid4().hex])
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(log, "touched", touched)
            shop.execute("UPDATE xshop.setting SET ratio = 1")
            applier.step()
        applier.step()
    assert pair.differences() == {}


def a_death_in_the_middle_of_a_step(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop:
        with pair.applier() as applier:
            applier.copy_all()
            shop.execute("""UPDATE xshop."order" SET state = 'paid'; DELETE FROM xshop.tag""")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Application, "delete_vanished", _die)
                with pytest.raises(ConnectionAbortedError):
                    applier.step()
        with pair.applier() as successor:
            successor.step()
    assert pair.differences() == {}


def _die(*_: object) -> None:
    raise ConnectionAbortedError


def writes_beyond_and_behind_the_frontier(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier(pace=Pace(rows=6, least=6, most=6)) as applier:
        while not applier.copied:
            applier.step()
            if not applier.position.of(applier.tables[0]).complete:
                shop.execute("UPDATE xshop.category SET mood = 'cross'")
                shop.execute("UPDATE xshop.customer SET note = '[1]'")
            shop.execute(
                """WITH o AS (INSERT INTO xshop."order" (customer_id, total) SELECT id, 1 FROM xshop.customer LIMIT 1
                RETURNING id) INSERT INTO xshop.order_line SELECT id, 1, 'x', 1 FROM o"""
            )
            shop.execute("UPDATE xshop.order_line SET quantity = quantity + 1")
        applier.step()
    assert pair.differences() == {}


def vanished_rows(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier:
        applier.copy_all()
        shop.execute("DELETE FROM xshop.tag WHERE name < 't15'")
        applier.step()
    assert pair.differences() == {}


def a_frozen_applier_wakes_up(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as frozen:
        frozen.copy_all()
        found = log.touched

        def touched(*arguments: Any) -> Any:
            answer = found(*arguments)
            patch.undo()
            shop.execute("UPDATE xshop.setting SET ratio = 2")
            with pair.applier() as successor:
                successor.step()
            return answer

        shop.execute("UPDATE xshop.setting SET ratio = 1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(log, "touched", touched)
            with pytest.raises(LeaseLost):
                frozen.step()
    assert pair.differences() == {}


def a_parent_and_a_child_made_after_the_snapshot(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier(pace=Pace(rows=9, least=9, most=9), streams=2) as applier:
        export = Applier._copy_side_by_side

        def export_late(self: Applier, *arguments: Any) -> int:
            shop.execute(
                "WITH c AS (INSERT INTO xshop.customer VALUES ('00000000-0000-0000-0000-000000000001', 'late') RETURNING id)"
                """ INSERT INTO xshop."order" (customer_id, total) SELECT id, 1 FROM c"""
            )
            return export(self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Applier, "_copy_side_by_side", export_late)
            applier.advance()
        # Nobody wrote since: what stands there must be the snapshot, not something newer.
        with pair.owner(pair.target) as target:
            found = target.execute("SELECT count(*) FROM xshop_elsewhere.customer WHERE email = 'late'").fetchall()
        assert found == [(0,)]
        applier.step()
        applier.copy_all()
    assert pair.differences() == {}


def a_first_chunk_that_fails_when_the_second_is_done(pair: Pair) -> None:
    with pair.application() as shop:
        shop.execute("DELETE FROM xshop.tag; INSERT INTO xshop.tag SELECT 'tag' || i FROM generate_series(10, 59) i")
    pair.begin()
    with pair.owner(pair.target) as target, pytest.MonkeyPatch.context() as patch:
        copy_chunk, wait = application.copy_chunk, threading.Condition.wait
        overtaking, second, in_line = set[threading.Thread](), threading.Event(), threading.Event()

        def seen_waiting(self: threading.Condition, timeout: float | None = None) -> bool:
            if threading.current_thread() in overtaking:
                in_line.set()
            return wait(self, timeout)

        def first_fails(source: Any, there: Any, sides: Any, chunk: Any) -> int:
            count = copy_chunk(source, there, sides, chunk)
            if chunk.above is not None:
                overtaking.add(threading.current_thread())
                second.set()
                return count
            assert second.wait(60)
            eventually(
                lambda: in_line.is_set() or stream.read(target, pair.target).frontiers["tag"].key,
                "the second chunk waits for its turn, or overtook",
            )
            raise ConnectionAbortedError("planted")

        patch.setattr(threading.Condition, "wait", seen_waiting)
        patch.setattr(copying, "copy_chunk", first_fails)
        with pair.applier(pace=Pace(rows=25, least=25, most=25), streams=2) as applier:
            applier._copying._tables = [table for table in applier.tables if table.name == "tag"]
            with pytest.raises(ConnectionAbortedError):
                applier.copy_all()
    with pair.applier() as applier:
        applier.copy_all()
    assert pair.differences() == {}


def changed_keys(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier:
        applier.copy_all()
        shop.execute("UPDATE xshop.order_line SET line = line + 10")
        applier.step()
    assert pair.differences() == {}


def a_writer_in_a_replica_session(pair: Pair) -> None:
    pair.begin()
    database = psycopg.conninfo.conninfo_to_dict(pair.source.owner_url)["dbname"]
    with pair.applier() as applier, psycopg.connect(admin_url(str(database)), autocommit=True) as administrator:
        applier.copy_all()
        administrator.execute("SET session_replication_role = replica; INSERT INTO xshop.tag VALUES ('quiet')")
        applier.step()
    assert pair.differences() == {}


def a_source_that_failed_over(pair: Pair) -> None:
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        target.execute(f"UPDATE {pair.target.control_schema}.stream SET source = 'another/00000002/1'")
    with pytest.raises(SourceChanged), pair.applier():
        pass


def a_target_from_a_backup(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.owner(pair.target) as target, pair.owner(pair.source) as source:
        with pair.applier() as applier:
            applier.copy_all()
            old = applier.position
            shop.execute("INSERT INTO xshop.tag VALUES ('lost')")
            applier.step()
            log.purge(source, pair.source, applier.position.cursor)
        target.execute("UPDATE xshop_elsewhere_xtr.stream SET cursor = %s, steps = %s", [old.cursor, old.steps])
        target.execute("DELETE FROM xshop_elsewhere.tag WHERE name = 'lost'")
    with suppress(TargetChanged), pair.applier() as applier:
        applier.step()
        pytest.fail("a target that lost changes was continued")


def a_reader_on_the_target_that_has_just_written(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        carrying = threading.Event()
        following = threading.Thread(target=lambda: (carrying.wait(20), applier.step()))
        following.start()
        try:
            shop.execute("BEGIN; INSERT INTO xshop.tag VALUES ('mine')")
            xid = str(shop.execute("SELECT pg_current_xact_id()").fetchall()[0][0])
            shop.execute("COMMIT")
            with pytest.raises(NotYetThere):
                progress.wait_for(
                    target, pair.target, xid, seconds=0.02
                )  # an answer of now would be compared with nothing
            carrying.set()
            progress.wait_for(target, pair.target, xid, seconds=20)
            answers = [
                connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, "tag"))).fetchall()
                for connection, schema in ((shop, "xshop"), (target, "xshop_elsewhere"))
            ]
            assert answers[0] == answers[1]
        finally:
            carrying.set()
            following.join()


def nothing_instead_of_an_empty_value(pair: Pair) -> None:
    with pair.application() as shop:
        shop.execute("""UPDATE xshop.category SET "Name" = '' WHERE id = 3""")
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        target.execute("""UPDATE xshop_elsewhere.category SET "Name" = NULL WHERE id = 3""")
        assert [each.key for each in compare(applier, everything=True).differences] == ["3"]


def a_row_that_only_the_target_has(pair: Pair) -> None:
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        target.execute("INSERT INTO xshop_elsewhere.tag VALUES ('rogue')")
        assert [each.key for each in compare(applier, everything=True).differences] == ["rogue"]


def the_log_is_purged(pair: Pair) -> None:
    pair.begin()
    with (
        pair.application() as early,
        pair.application() as shop,
        pair.applier() as applier,
        pair.owner(pair.source) as source,
    ):
        applier.copy_all()
        early.execute("BEGIN; INSERT INTO xshop.tag VALUES ('early')")
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")
        applier.step()
        early.execute("COMMIT")
        log.purge(source, pair.source, applier.position.cursor)
        applier.step()
    assert pair.differences() == {}


def _newer_than_the_newest(side: Any, cursor: str) -> sql.Composed:
    return sql.SQL("FROM {} l WHERE l.xid >= pg_snapshot_xmax({}::pg_snapshot)").format(
        sql.Identifier(side.control_schema, "log"), sql.Literal(cursor)
    )


def _snapshot_of_another_moment(self: Applier) -> str:
    self._reading.execute("SELECT 1 FROM pg_class LIMIT 1")
    with connect(self.source, "mutant") as other:
        other.execute("INSERT INTO xshop.tag VALUES (gen_random_uuid()::text)")
        return str(other.execute("SELECT pg_current_snapshot()::text").fetchall()[0][0])


def _cursor_first(patch: pytest.MonkeyPatch) -> None:
    carry = Applier._carry_at_once

    def carry_at_once(self: Applier, snapshot: str, *arguments: Any, **options: Any) -> Any:
        self._writing.execute(
            sql.SQL("UPDATE {} SET cursor = %s").format(sql.Identifier(self.target.control_schema, "stream")),
            [snapshot],
        )
        self.position = stream.read(self._writing, self.target)
        return carry(self, snapshot, *arguments, **options)

    patch.setattr(Applier, "_carry_at_once", carry_at_once)


def _without_old_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(capture, "_OPERATIONS", {name: each for name, each in capture._OPERATIONS.items() if name != "rekey"})


def _not_always(patch: pytest.MonkeyPatch) -> None:
    install = capture._install

    def plain(connection: Any, side: Any, table: Any) -> None:
        install(connection, side, table)
        for operation in ("insert", "update", "rekey", "delete"):
            connection.execute(
                sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(
                    table.on(side.schema), sql.Identifier(f"banyan_capture_{operation}")
                )
            )

    patch.setattr(capture, "_install", plain)
    patch.setattr(capture, "_defects", lambda *of: ["not installed"] if _misses_triggers(*of) else [])


def _misses_triggers(connection: Any, side: Any, table: Any) -> bool:
    query = "SELECT FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'banyan_capture_truncate'"
    return connection.execute(query, [table.on(side.schema).as_string(connection)]).fetchone() is None


def _plain_text(table: Any, **_: object) -> sql.Composed:
    values = sql.SQL(", ").join(
        sql.SQL("coalesce(t.{}::text, '')").format(column.identifier) for column in table.columns
    )
    return sql.SQL("hashtextextended(concat_ws(',', {}), 0)").format(values)


def _purged_by_the_newest(connection: Any, side: Any, cursor: str) -> int:
    log_table = sql.Identifier(side.control_schema, "log")
    query = sql.SQL("DELETE FROM {} WHERE xid < pg_snapshot_xmax(%s::pg_snapshot)").format(log_table)
    return int(connection.execute(query, [cursor]).rowcount)


MUTANTS: dict[str, tuple[Scenario, Patch]] = {
    "M1 the cursor is the highest number seen": (
        a_late_commit, lambda patch: patch.setattr(log, "unseen", _newer_than_the_newest)),
    "M2 rows and cursor are of different snapshots": (
        a_write_right_after_the_snapshot, lambda patch: patch.setattr(Applier, "_snapshot", _snapshot_of_another_moment)),
    "M3 the cursor is committed apart from the rows": (a_death_in_the_middle_of_a_step, _cursor_first),
    "M4 keys beyond the frontier are carried": (
        writes_beyond_and_behind_the_frontier,
        lambda patch: patch.setattr(Application, "covered", lambda self, table, frontier, spelled: list(spelled))),
    "M4b keys behind the frontier are not": (
        writes_beyond_and_behind_the_frontier,
        lambda patch: patch.setattr(
            Application, "covered", lambda self, table, frontier, spelled: list(spelled) if frontier.complete else [])),
    "M5 nothing is deleted": (
        vanished_rows, lambda patch: patch.setattr(Application, "delete_vanished", lambda *_: 0)),
    "M6 the lease is not compared": (
        a_frozen_applier_wakes_up, lambda patch: patch.setattr(stream, "require", lambda *_: None)),
    "chunks of a round are of snapshots of their own": (
        a_parent_and_a_child_made_after_the_snapshot, lambda patch: patch.setattr(copying, "SAME_SNAPSHOT", "SELECT {}")),
    "a chunk is committed before the one below it": (
        a_first_chunk_that_fails_when_the_second_is_done,
        lambda patch: patch.setattr(threading.Condition, "wait_for", lambda *_: True)),
    "M15 an update logs only the new key": (changed_keys, _without_old_keys),
    "M16 the triggers don't fire always": (a_writer_in_a_replica_session, _not_always),
    "M20 another timeline is ignored": (
        a_source_that_failed_over, lambda patch: patch.setattr(Applier, "_check_source", lambda *_: None)),
    "M20b a target that was set back is continued": (
        a_target_from_a_backup, lambda patch: patch.setattr(Applier, "_check_target", lambda *_: None)),
    "M21 both sides are compared wherever they are": (
        a_reader_on_the_target_that_has_just_written,
        lambda patch: patch.setattr(progress, "wait_for", lambda *_, **__: None)),
    "M22 the hash takes nothing for empty": (
        nothing_instead_of_an_empty_value, lambda patch: patch.setattr(comparison, "row_hash", _plain_text)),
    "M22b only rows of the source are compared": (
        a_row_that_only_the_target_has,
        lambda patch: patch.setattr(
            comparison._Search, "within", lambda self, chunk: (e for e in self._row_by_row(chunk) if e.fault != "extra"))),
    "the log is purged up to the newest number": (
        the_log_is_purged, lambda patch: patch.setattr(log, "purge", _purged_by_the_newest)),
}  # fmt: skip


@pytest.mark.parametrize("scenario", dict.fromkeys(one for one, _ in MUTANTS.values()))
def test_the_scenario_holds(fresh: Pair, scenario: Scenario) -> None:
    scenario(fresh)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_planted_defect_is_seen(fresh: Pair, mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, plant = MUTANTS[mutant]
    plant(monkeypatch)
    with pytest.raises((AssertionError, psycopg.Error, DataPlaneError, pytest.fail.Exception)):
        scenario(fresh)
