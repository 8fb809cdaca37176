"""The step carries what there is, exactly, whatever the rows do."""

from __future__ import annotations

import psycopg
import pytest

from infra.extraction.data import capture, control, guards, log, stream
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import LeaseLost, NotPrepared, SourceChanged, TargetRefused
from infra.extraction.data.pace import Pace
from infra.extraction.data.step import Applier
from tests.extraction.data.shop import NAMES, Pair, close, fill, open_side, rows_of
from tests.waiting import eventually

# What each does to rows that were carried already. All are committed before the next step.
CHANGES = {
    "a bulk update": """UPDATE xshop."order" SET state = 'paid', total = total + 1""",
    "a bulk delete with a cascade": """DELETE FROM xshop."order" WHERE id % 2 = 0""",
    "a deleted parent and its rows": """DELETE FROM xshop."order" WHERE customer_id IN (SELECT id FROM xshop.customer LIMIT 5);
        DELETE FROM xshop.customer c WHERE NOT EXISTS (SELECT FROM xshop."order" o WHERE o.customer_id = c.id)""",
    "a changed key": "UPDATE xshop.setting SET name = name || '!' WHERE name LIKE 'Ä1%'",
    "a changed key in a composite": "UPDATE xshop.order_line SET line = line + 10",
    "a changed date in a key": "UPDATE xshop.visit SET at = at + interval '1 day'",
    "swapped unique values": "UPDATE xshop.customer SET slot = NULL; UPDATE xshop.customer SET slot = 51 - split_part(split_part("
    "email, '@', 1), 'c', 2)::int",
    "a row deleted and made again under another key": "WITH gone AS (DELETE FROM xshop.customer c WHERE NOT EXISTS"
    """ (SELECT FROM xshop."order" o WHERE o.customer_id = c.id) RETURNING *) INSERT INTO xshop.customer"""
    " SELECT gen_random_uuid(), 'n' || email FROM gone; DELETE FROM xshop.\"order\" WHERE id < 30;"
    ' UPDATE xshop.customer SET id = gen_random_uuid() WHERE id NOT IN (SELECT customer_id FROM xshop."order")',
    "a row that refers to a younger one of its table": "INSERT INTO xshop.category VALUES (900, NULL, 'z'), (901, 900, 'y');"
    " UPDATE xshop.category SET parent_id = 901 WHERE id < 5",
    "a value of many megabytes": "INSERT INTO xshop.ledger (amount, data) SELECT 1.10, decode(repeat('00ff', 2000000), 'hex')",
    "odd values": "INSERT INTO xshop.setting"
    " VALUES ('', '{}', '-1 mon 3 days', '-0'), (E'a\\tb\\n\\\\\"', NULL, NULL, 'Infinity');"
    " INSERT INTO xshop.ledger (amount) VALUES ('NaN'), (1.000), (1e100);"
    " INSERT INTO xshop.visit VALUES ('infinity', '-infinity', ''), ('0044-03-15 BC', '0044-03-15 BC', 'Cæsar')",
    "rows of a table that is all key": "DELETE FROM xshop.tag WHERE name < 't3'; INSERT INTO xshop.tag VALUES ('new')",
    "a merge": "MERGE INTO xshop.setting s USING (SELECT name FROM xshop.setting LIMIT 9 OFFSET 3) o ON s.name = o.name"
    " WHEN MATCHED AND o.name > 'Ä2' THEN DELETE WHEN MATCHED THEN UPDATE SET ratio = 2",
    "an upsert": "INSERT INTO xshop.tag SELECT 't' || i FROM generate_series(1, 90) i ON CONFLICT DO NOTHING",
    "an order under strange settings": "SET timezone = 'Asia/Kolkata'; SET datestyle = 'SQL, DMY'; SET extra_float_digits = 0;"
    " INSERT INTO xshop.visit VALUES ('2026-03-04', '2026-03-04 05:06:07.123456', 'x'); DELETE FROM xshop.visit WHERE who = 'w7'",
}


@pytest.mark.parametrize("rows", [7, 100_000])
def test_a_first_copy_in_chunks_ends_in_equal_rows(pair: Pair, rows: int) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    with pair.applier(pace=Pace(rows=rows, least=rows, most=rows)) as applier:
        applier.copy_all()
    assert pair.differences() == {}


def test_every_change_after_the_copy_arrives_with_the_next_step(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier() as applier:
            applier.copy_all()
            for change, statements in CHANGES.items():
                assert pair.differences() == {}, change
                if change.startswith("a row deleted"):
                    with pair.owner(pair.source) as owner:
                        owner.execute(statements)
                else:
                    shop.execute(statements)
                step = applier.step()
                assert step.touched, change
                assert pair.differences() == {}, change
            assert applier.step().quiet


def test_every_change_during_the_copy_arrives_too(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier(pace=Pace(rows=40, least=40, most=40)) as applier:
            for statements in CHANGES.values():
                shop.execute(statements)
                applier.step()
            applier.copy_all()
    assert pair.differences() == {}


def test_a_transaction_that_commits_late_with_a_small_number_is_not_passed_over(pair: Pair) -> None:
    pair.begin()
    with pair.application() as early, pair.application() as late, pair.applier() as applier:
        applier.copy_all()
        early.execute("BEGIN; INSERT INTO xshop.tag VALUES ('early')")
        late.execute("INSERT INTO xshop.tag VALUES ('late')")
        applier.step()
        early.execute("COMMIT")
        applier.step()
    assert pair.differences() == {}


def test_swapped_unique_values_of_parents_keep_their_children(pair: Pair) -> None:
    swap = """
    CREATE TABLE {s}.shelf (id integer PRIMARY KEY, place integer NOT NULL UNIQUE);
    CREATE TABLE {s}.box (id integer PRIMARY KEY, shelf_id integer REFERENCES {s}.shelf ON DELETE CASCADE);
    CREATE TABLE {s}.thing (id integer PRIMARY KEY, box_id integer NOT NULL REFERENCES {s}.box ON DELETE RESTRICT);
    """
    names = ["shelf", "box", "thing"]
    for side in (pair.source, pair.target):
        with pair.owner(side) as owner:
            owner.execute(swap.format(s=side.schema))
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        close(target, pair.target)
        source.execute("INSERT INTO xshop.shelf SELECT i, i FROM generate_series(1, 9) i")
        source.execute("INSERT INTO xshop.box SELECT i, i FROM generate_series(1, 9) i")
        source.execute("INSERT INTO xshop.thing SELECT i, i FROM generate_series(1, 9) i")
        capture.install(source, pair.source, names)
        stream.begin(source, target, (pair.source, pair.target), names)
        with Applier(pair.source, pair.target, names) as applier:
            applier.copy_all()
            source.execute("UPDATE xshop.shelf SET place = -place; UPDATE xshop.shelf SET place = 10 + place")
            assert applier.step().rebuilt
        for name in names:
            assert rows_of(source, pair.source, name) == rows_of(target, pair.target, name)


def test_a_long_backlog_is_applied_in_several_transactions_and_moves_the_cursor_with_the_last(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier(pace=Pace(batch=20)) as applier:
            applier.copy_all()
            shop.execute(
                """UPDATE xshop."order" SET state = 'late'; DELETE FROM xshop.tag; UPDATE xshop.order_line SET line = line + 2"""
            )
            before = applier.position.cursor
            seen: list[tuple[str, bool]] = []
            applier._permitted = lambda connection: seen.append(
                (stream.read(connection, pair.target).cursor, applier.position.consistent)
            )
            step = applier.step()
            assert step.transactions > 20
            assert {cursor for cursor, _ in seen} == {before}
            assert applier.position.consistent
            assert applier.position.cursor != before
    assert pair.differences() == {}


def test_a_swap_within_a_long_backlog_is_carried_all_at_once(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier(pace=Pace(batch=20)) as applier:
            applier.copy_all()
            shop.execute(CHANGES["swapped unique values"])
            assert applier.step().rebuilt
    assert pair.differences() == {}


def test_only_the_last_applier_commits(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as frozen:
        frozen.copy_all()
        with pair.applier() as successor:
            shop.execute("INSERT INTO xshop.tag VALUES ('a')")
            with pytest.raises(LeaseLost):
                frozen.step()
            successor.step()
    assert pair.differences() == {}


def test_an_applier_that_stands_still_in_its_transaction_is_disconnected_by_its_successor(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as frozen:
        frozen.copy_all()
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")

        def take_over(_: object) -> None:
            frozen._permitted = lambda connection: None
            with pair.applier() as successor:
                successor.step()

        frozen._permitted = take_over
        with pytest.raises(psycopg.OperationalError):
            frozen.step()
    assert pair.differences() == {}


def test_a_source_that_is_another_server_now_is_refused(pair: Pair) -> None:
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        target.execute(
            f"UPDATE {pair.target.control_schema}.stream SET source = regexp_replace(source, '/0*1/', '/00000002/')"
        )
    with pytest.raises(SourceChanged, match="failover"), pair.applier():
        pass


def test_a_capture_that_was_removed_in_between_is_refused(pair: Pair) -> None:
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.source) as source:
        applier.copy_all()
        capture.remove(source, pair.source)
        with pytest.raises(NotPrepared), pair.applier():
            pass
        capture.install(source, pair.source, NAMES)
        with pytest.raises(SourceChanged):
            applier.step()


def test_nothing_is_applied_to_a_side_whose_application_may_write(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        open_side(target, pair.target)
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")
        with pytest.raises(TargetRefused, match="owns the rows"):
            applier.step()
        close(target, pair.target)
        applier.step()
    assert pair.differences() == {}


def test_a_side_that_is_captured_or_open_is_never_emptied(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop, 3)
    pair.begin()
    with connect(pair.source, "test") as source, connect(pair.target, "test") as target:
        capture.install(target, pair.target, NAMES)
        before = rows_of(source, pair.source, "customer")
        with pytest.raises(TargetRefused):
            stream.begin(target, source, (pair.target, pair.source), NAMES)
        close(source, pair.source)
        with pytest.raises(TargetRefused):
            stream.begin(target, source, (pair.target, pair.source), NAMES)
        assert rows_of(source, pair.source, "customer") == before


def test_the_reverse_stream_carries_what_was_written_after_the_sides_changed(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    with pair.applier() as applier:
        applier.copy_all()
    back = Pair(source=pair.target, target=pair.source)
    with connect(pair.source, "test") as source, connect(pair.target, "test") as target:
        capture.install(target, pair.target, NAMES)
        close(source, pair.source)
        stream.end(target, pair.target)
        stream.begin(target, source, (pair.target, pair.source), NAMES, covered=True)
        assert guards.release(target, pair.target, guards.TRIGGER) == 2
        capture.remove(source, pair.source)
        open_side(target, pair.target)
    with back.application() as service, back.applier() as applier:
        for name in ("a bulk update", "a bulk delete with a cascade", "swapped unique values"):
            service.execute(CHANGES[name].replace("xshop.", "xshop_elsewhere."))
            applier.step()
        with pytest.raises(psycopg.errors.RaiseException):
            service.execute("DELETE FROM xshop_elsewhere.ledger")
    assert pair.differences() == {}


def test_the_log_is_emptied_of_what_was_carried_and_of_nothing_else(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.applier() as applier, pair.owner(pair.source) as source:
        applier.copy_all()
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")
        assert log.purge(source, pair.source, applier.position.cursor) == 0

        def is_emptied() -> bool:
            applier.step()
            return log.purge(source, pair.source, applier.position.cursor) == 1

        # Transactions of other databases hold numbers, too, and nothing younger than the oldest of them is thrown away.
        eventually(is_emptied, "what was carried is thrown away")
        shop.execute("INSERT INTO xshop.tag VALUES ('b')")
        assert log.purge(source, pair.source, applier.position.cursor) == 0
        assert applier.step().touched == 1


def test_extraction_s_own_tables_can_be_taken_away(pair: Pair) -> None:
    pair.begin()
    with pair.owner(pair.source) as source, pair.application() as shop:
        capture.remove(source, pair.source)
        control.discard(source, pair.source)
        capture.remove(source, pair.source)
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")
        assert not control.is_prepared(source, pair.source)
