"""A comparison finds each row that differs, says how, costs nothing for what was equal, and is never wrong by lag."""

from __future__ import annotations

import threading

import pytest

from infra.extraction.data import comparison
from infra.extraction.data.comparison import Difference, Fault, compare, repair
from infra.extraction.data.connections import connect
from tests.extraction.data.shop import Pair, fill


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "RANGE_ROWS", 30)
    monkeypatch.setattr(comparison, "FEW_ROWS", 4)


DAMAGE = """
DELETE FROM {s}.tag WHERE name = 't7';
INSERT INTO {s}.tag VALUES ('zzz');
UPDATE {s}.customer SET note = '{{"a": null}}' WHERE slot = 3;
UPDATE {s}.category SET "Name" = '' WHERE id = 5;
UPDATE {s}.setting SET value = '{{"b": 1, "a": 2}}' WHERE name LIKE 'Ä17%';
UPDATE {s}.ledger SET amount = amount * 1.00 WHERE id = 4;
UPDATE {s}.visit SET who = who || '!' WHERE who = 'w9';
"""


@pytest.mark.parametrize("as_text", [False, True])
def test_every_planted_difference_is_found_named_and_repaired(pair: Pair, as_text: bool) -> None:
    with pair.application() as shop:
        fill(shop)
        shop.execute("""UPDATE xshop.category SET "Name" = NULL WHERE id = 5""")
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        assert compare(applier, as_text=as_text).differences == ()
        target.execute(DAMAGE.format(s=pair.target.schema))
        assert compare(applier, as_text=as_text).ranges == 0
        found = compare(applier, everything=True, as_text=as_text).differences
        kinds = sorted((each.table, each.fault.value) for each in found)
        assert kinds == [
            ("category", "different"),
            ("customer", "different"),
            ("ledger", "different"),
            ("setting", "different"),
            ("tag", "extra"),
            ("tag", "missing"),
            ("visit", "extra"),
            ("visit", "missing"),
        ]
        assert Difference("tag", "t7", Fault.MISSING) in found
        assert repair(applier, found) == 8
        assert compare(applier).differences == ()
    assert pair.differences() == {}


@pytest.mark.parametrize("workers", [1, 4])
def test_ranges_are_compared_side_by_side_and_nothing_is_found_twice(pair: Pair, workers: int) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        clean = compare(applier, everything=True, workers=workers)
        assert clean.differences == ()
        assert clean.rows == 50 * (1 + 3 + 6 + 3 + 1 + 1 + 1 + 1)
        target.execute(DAMAGE.format(s=pair.target.schema).split(";")[0])
        target.execute("UPDATE xshop_elsewhere.customer SET slot = slot + 1000")
        found = compare(applier, everything=True, workers=workers).differences
        assert len(found) == len(set(found)) == 51


def test_a_worker_that_fails_ends_the_comparison_and_its_ranges_are_compared_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    with pair.applier() as applier:
        applier.copy_all()
        digest, asked = comparison._Search._digest, list[int]()

        def fails_at_last(self: object, *arguments: object) -> object:
            asked.append(1)
            if len(asked) > 10:
                raise ConnectionAbortedError("planted")
            return digest(self, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(comparison._Search, "_digest", fails_at_last)
        with pytest.raises(ConnectionAbortedError):
            compare(applier, workers=3)
        monkeypatch.undo()
        again = compare(applier, workers=3)
        assert again.differences == ()
        assert again.ranges > 0


def test_only_ranges_that_were_touched_are_compared_again(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier() as applier:
            applier.copy_all()
            first = compare(applier)
            assert first.skipped == 0
            assert compare(applier).ranges == 0
            shop.execute("""UPDATE xshop."order" SET state = 'paid' WHERE id = 1""")
            again = compare(applier)
            assert (again.ranges, again.skipped) == (1, first.ranges - 1)


def test_a_key_that_is_touched_while_its_range_is_compared_has_it_compared_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier() as applier:
            applier.copy_all()
            compare(applier)
            shop.execute("UPDATE xshop.tag SET name = 't1!' WHERE name = 't1'")
            hashed = comparison.row_hash

            def meanwhile(*arguments: object, **options: object) -> object:
                monkeypatch.setattr(comparison, "row_hash", hashed)
                shop.execute("UPDATE xshop.tag SET name = 't1?' WHERE name = 't1!'")
                assert applier.step().touched
                return hashed(*arguments, **options)  # type: ignore[arg-type]

            monkeypatch.setattr(comparison, "row_hash", meanwhile)
            assert compare(applier).differences == ()
            assert compare(applier).ranges == 1


def test_writes_that_go_on_are_no_differences(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    stop = threading.Event()

    def write() -> None:
        with pair.application() as shop:
            while not stop.is_set():
                shop.execute("""UPDATE xshop."order" SET total = total + 1 WHERE id % 5 = 0""")
                shop.execute("INSERT INTO xshop.ledger (amount) VALUES (1)")

    writer = threading.Thread(target=write)
    with pair.applier() as applier:
        applier.copy_all()
        writer.start()
        try:
            for _ in range(5):
                assert compare(applier).differences == ()
        finally:
            stop.set()
            writer.join()
        applier.step()
    assert pair.differences() == {}


def test_columns_in_another_order_are_no_differences(pair: Pair) -> None:
    with connect(pair.target, "test") as target, pair.application() as shop:
        target.execute("ALTER TABLE xshop_elsewhere.customer DROP COLUMN note")
        target.execute("ALTER TABLE xshop_elsewhere.customer DROP COLUMN email")
        target.execute("ALTER TABLE xshop_elsewhere.customer ADD COLUMN note jsonb NOT NULL")
        target.execute("ALTER TABLE xshop_elsewhere.customer ADD COLUMN email text NOT NULL UNIQUE")
        fill(shop)
        pair.begin()
        with pair.applier() as applier:
            applier.copy_all()
            assert compare(applier).differences == ()
