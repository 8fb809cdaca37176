"""Schemas that differ are carried there and back as declared, and what would be lost is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from infra.extraction.data import capture, mapping, stream
from infra.extraction.data.comparison import Fault, compare, repair
from infra.extraction.data.errors import CannotBeCarried
from infra.extraction.data.mapping import Mappings, TableMapping
from infra.extraction.data.pace import Pace
from infra.extraction.data.step import Applier
from tests.extraction.data.shop import Pair, close

HERE = """CREATE TABLE {s}.item (id integer PRIMARY KEY, title varchar(40) NOT NULL, price numeric(8,2), mood {s}.mood,
    listed_at timestamptz, legacy text, parent integer REFERENCES {s}.item DEFERRABLE INITIALLY DEFERRED, UNIQUE (title))"""
THERE = """CREATE TABLE {s}.article (region text NOT NULL, id bigint PRIMARY KEY, name text NOT NULL UNIQUE, price numeric(12,2),
    mood text, listed_at timestamp, parent bigint REFERENCES {s}.article DEFERRABLE INITIALLY DEFERRED)"""
ITEM = TableMapping(
    to="article",
    renamed={"title": "name"},
    retyped=frozenset({"id", "title", "price", "mood", "listed_at", "parent"}),
    added={"region": "EU"},
    dropped={"legacy": None},
)
ROWS = """INSERT INTO xshop.item SELECT i, 'title ' || i, i / 3.0, CASE WHEN i % 2 = 0 THEN 'calm' END::xshop.mood,
    '2026-03-04 05:06:07+09'::timestamptz + i * '1 hour'::interval, 'old ' || i, nullif(i - 1, 0) FROM generate_series(1, 60) i"""
SEEN_THERE = "SELECT id, name, price, mood, listed_at, parent FROM xshop_elsewhere.article ORDER BY id"
SEEN_HERE = "SELECT id, title, price, mood::text, listed_at AT TIME ZONE 'UTC', parent FROM xshop.item ORDER BY id"


def make(pair: Pair, here: str = HERE, there: str = THERE) -> None:
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        source.execute(here.format(s=pair.source.schema))
        target.execute(there.format(s=pair.target.schema))
        close(target, pair.target)


def begin(pair: Pair, mappings: Mappings, *, waived: bool = True) -> None:
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        capture.install(source, pair.source, ["item"])
        stream.begin(source, target, (pair.source, pair.target), ["item"], mappings=mappings, way_back_waived=waived)


@contextmanager
def carrier(pair: Pair, rows: int = 1000) -> Iterator[Applier]:
    pace = Pace(rows=rows, least=rows, most=rows)
    with Applier(pair.source, pair.target, ["item"], mappings={"item": ITEM}, pace=pace) as applier:
        yield applier


def assert_the_same(pair: Pair) -> None:
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        assert source.execute(SEEN_HERE).fetchall() == target.execute(SEEN_THERE).fetchall()


@pytest.mark.parametrize("rows", [7, 1000])
def test_renamed_retyped_added_and_dropped_columns_arrive_as_declared(pair: Pair, rows: int) -> None:
    make(pair)
    with pair.application() as shop, pair.owner(pair.target) as target:
        shop.execute(ROWS)
        begin(pair, {"item": ITEM})
        with carrier(pair, rows) as applier:
            applier.copy_all()
            assert_the_same(pair)
            shop.execute("UPDATE xshop.item SET price = 9999.99, mood = 'cross' WHERE id % 3 = 0")
            shop.execute(
                "DELETE FROM xshop.item WHERE id > 50; UPDATE xshop.item SET id = 70, parent = NULL WHERE id = 50"
            )
            applier.step()
            shop.execute(
                "UPDATE xshop.item SET title = 'x' WHERE id = 1; UPDATE xshop.item SET title = 'title 1' WHERE id = 2"
            )
            shop.execute("UPDATE xshop.item SET title = 'title 2' WHERE id = 1")
            assert applier.step().rebuilt
            assert_the_same(pair)
            assert target.execute("SELECT DISTINCT region FROM xshop_elsewhere.article").fetchall() == [("EU",)]


def test_mapped_values_are_compared_and_repaired(pair: Pair) -> None:
    make(pair)
    with pair.application() as shop, pair.owner(pair.target) as target:
        shop.execute(ROWS)
        begin(pair, {"item": ITEM})
        with carrier(pair) as applier:
            applier.copy_all()
            for audit in (False, True):
                assert compare(applier, everything=True, audit=audit).differences == ()
            target.execute("UPDATE xshop_elsewhere.article SET listed_at = listed_at + interval '1 us' WHERE id = 7")
            target.execute(
                "UPDATE xshop_elsewhere.article SET region = 'US' WHERE id = 8"
            )  # nothing to compare it with
            target.execute("INSERT INTO xshop_elsewhere.article VALUES ('EU', 99, 'rogue')")
            found = compare(applier, everything=True).differences
            assert {(each.key, each.fault) for each in found} == {("7", Fault.DIFFERENT), ("99", Fault.EXTRA)}
            repair(applier, found)
            assert compare(applier).differences == ()
        assert_the_same(pair)


def test_the_way_back_gives_rows_their_old_shape_and_keeps_what_was_dropped_where_it_still_stands(pair: Pair) -> None:
    make(pair)
    with pair.application() as shop, pair.owner(pair.source) as here, pair.owner(pair.target) as there:
        shop.execute(ROWS)
        begin(pair, {"item": ITEM})
        with carrier(pair) as applier:
            applier.copy_all()
        turned = mapping.backwards({"item": ITEM})
        close(here, pair.source)
        capture.remove(here, pair.source)
        capture.install(there, pair.target, ["article"])
        sides = (pair.target, pair.source)
        stream.end(there, pair.target)
        stream.begin(there, here, sides, ["article"], covered=True, mappings=turned, way_back_waived=True)
        there.execute("INSERT INTO xshop_elsewhere.article VALUES ('US', 500, 'new', 1.5, 'calm', '2026-01-01')")
        there.execute("UPDATE xshop_elsewhere.article SET name = 'renamed' WHERE id = 3")
        with Applier(*sides, ["article"], mappings=turned) as back:
            back.step()
            assert compare(back, everything=True).differences == ()
            there.execute("UPDATE xshop_elsewhere.article SET name = repeat('long', 20) WHERE id = 4")
            with pytest.raises(psycopg.errors.StringDataRightTruncation):
                back.step()
            there.execute("UPDATE xshop_elsewhere.article SET name = 'short' WHERE id = 4")
            back.step()
        assert_the_same(pair)
        kept = here.execute("SELECT id, legacy FROM xshop.item WHERE id IN (3, 500) ORDER BY id").fetchall()
        assert kept == [(3, "old 3"), (500, None)]


REFUSED = {
    "a loss of values": (
        "note jsonb", "note text", TableMapping(retyped=frozenset({"note"})), "not every value is the same"),
    "a loss of scale": (
        "note numeric(8,3)", "note numeric(8,2)", TableMapping(retyped=frozenset({"note"})), "not every value"),
    "a column that goes": ("note text", "", TableMapping(dropped={"note": ""}), "is dropped"),
    "a type that nobody named": ("note integer", "note bigint", TableMapping(), "Name it as retyped"),
    "a column that nobody mapped": ("note text", "remark text", TableMapping(), "has no column note"),
    "a column that only the other side has": ("", "note text", TableMapping(), "exists on the other side only"),
    "a name that is wrong": ("note text", "note text", TableMapping(renamed={"not": "note"}), "no such column"),
    "nothing said at all": ("note text", "remark text", None, "same migration"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_lost_or_is_not_said_is_refused_by_name(pair: Pair, case: str) -> None:
    here, there, declared, told = REFUSED[case]
    table = "CREATE TABLE {{s}}.item (id integer PRIMARY KEY{})"
    make(pair, *(table.format(f", {column}" if column else "") for column in (here, there)))
    with pytest.raises(CannotBeCarried, match=told) as refusal:
        begin(pair, {"item": declared} if declared else {}, waived=False)
    assert "item" in str(refusal.value)
    if "Waive" in str(refusal.value):
        assert declared is not None
        begin(pair, {"item": declared}, waived=True)


def test_a_key_that_would_be_ordered_otherwise_is_refused_even_without_a_way_back(pair: Pair) -> None:
    make(pair, "CREATE TABLE {s}.item (id integer PRIMARY KEY)", "CREATE TABLE {s}.item (id text PRIMARY KEY)")
    with pytest.raises(CannotBeCarried, match="do not order rows alike"):
        begin(pair, {"item": TableMapping(retyped=frozenset({"id"}))})
