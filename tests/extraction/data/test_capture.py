"""Capture is installed whole or refused by name, sees every path that writes, and goes away without a trace."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from infra.extraction.data import capture, keys
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import CannotBeCarried, DataPlaneError, NotPrepared
from infra.extraction.data.tables import carried_tables
from infra.extraction.sides import Side
from tests.extraction.data.shop import NAMES, Pair, fill

REFUSED = {
    "bare (a integer)": "no primary key",
    "quick (id integer PRIMARY KEY) -- unlogged": "unlogged",
    "late (id integer PRIMARY KEY DEFERRABLE)": "deferrable primary key",
    "heir () INHERITS (xshop.tag)": "inherits",
    "split (id integer PRIMARY KEY) PARTITION BY RANGE (id)": "partitioned",
    "counted (id integer PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY)": "GENERATED ALWAYS",
    "lonely (id integer PRIMARY KEY, tag text REFERENCES xshop.tag)": "refers to tag",
}


@pytest.mark.parametrize("definition", REFUSED)
def test_a_table_that_cannot_be_carried_is_refused_with_its_reason(pair: Pair, definition: str) -> None:
    name = definition.split()[0]
    with pair.owner(pair.source) as source:
        unlogged = "UNLOGGED " if definition.endswith("unlogged") else ""
        source.execute(f"CREATE {unlogged}TABLE xshop.{definition.partition(' --')[0]}")
        with pytest.raises(CannotBeCarried, match=REFUSED[definition]) as refusal:
            capture.install(source, pair.source, [name])
        assert f"xshop.{name}" in str(refusal.value)


def test_a_circle_of_foreign_keys_and_a_missing_table_are_refused(pair: Pair) -> None:
    with pair.owner(pair.source) as source:
        source.execute("CREATE TABLE xshop.a (id integer PRIMARY KEY, b integer)")
        source.execute("CREATE TABLE xshop.b (id integer PRIMARY KEY REFERENCES xshop.a)")
        assert [table.name for table in carried_tables(source, "xshop", ["b", "a"])] == ["a", "b"]
        source.execute("ALTER TABLE xshop.a ADD FOREIGN KEY (b) REFERENCES xshop.b")
        with pytest.raises(CannotBeCarried, match="circle"):
            carried_tables(source, "xshop", ["a", "b"])
        with pytest.raises(CannotBeCarried, match="does not exist"):
            carried_tables(source, "xshop", ["nowhere"])


def test_a_repeated_install_changes_nothing_and_a_damaged_one_is_noticed_and_mended(pair: Pair) -> None:
    with pair.owner(pair.source) as source:
        capture.install(source, pair.source, NAMES)
        before = capture.identity(source, pair.source)
        capture.install(source, pair.source, NAMES)
        source.execute("ALTER TABLE xshop.tag DISABLE TRIGGER banyan_capture_delete")
        with pytest.raises(NotPrepared, match="does not fire always"):
            capture.captured_tables(source, pair.source, NAMES)
        capture.install(source, pair.source, NAMES)
        assert len(capture.captured_tables(source, pair.source, NAMES)) == len(NAMES)
        assert capture.identity(source, pair.source) == before


def test_truncate_is_refused_while_captured_and_possible_afterwards(pair: Pair) -> None:
    with pair.owner(pair.source) as source:
        capture.install(source, pair.source, NAMES)
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="Use DELETE"):
            source.execute("TRUNCATE xshop.tag")
        capture.remove(source, pair.source)
        source.execute("TRUNCATE xshop.tag")


def test_what_cascades_and_what_is_rolled_back_is_logged_rightly(pair: Pair) -> None:
    with pair.owner(pair.source) as source, pair.application() as shop:
        fill(shop, 2)
        capture.install(source, pair.source, NAMES)
        shop.execute("BEGIN; DELETE FROM xshop.tag; ROLLBACK")
        shop.execute("""DELETE FROM xshop."order" WHERE id = 1""")
        logged = source.execute(
            "SELECT c.name, l.key FROM xshop_xtr.log l JOIN xshop_xtr.captured c USING (tbl) ORDER BY 1, 2"
        ).fetchall()
        assert logged == [("order", "1"), ("order_line", "[1, 1]"), ("order_line", "[1, 2]")]


def test_a_table_that_stays_locked_is_named_and_writers_never_wait_long(pair: Pair) -> None:
    with pair.owner(pair.source) as source, pair.application() as shop:
        shop.execute("BEGIN; INSERT INTO xshop.tag VALUES ('long')")
        rests: list[float] = []

        def rest(seconds: float) -> None:
            rests.append(seconds)
            if len(rests) == 2:
                shop.execute("COMMIT")

        capture.install(source, pair.source, NAMES, pause=rest)
        assert len(rests) == 2


def test_an_owner_without_the_rights_is_told_what_an_administrator_runs(pair: Pair) -> None:
    elsewhere = Side(
        name="monolith", owner_url=pair.source.owner_url, application_role="xshop", schema="xshop_without_control"
    )
    with pair.owner(pair.source) as source, pytest.raises(DataPlaneError, match="CREATE SCHEMA"):
        capture.install(source, elsewhere, [])


def test_a_key_of_numbers_and_uuids_is_spelled_as_json_spells_it(pair: Pair) -> None:
    with connect(pair.source, "test") as owner:
        owner.execute("CREATE TABLE xshop.plain (a smallint, b integer, c bigint, d uuid, PRIMARY KEY (a, b, c, d))")
        owner.execute(
            "INSERT INTO xshop.plain VALUES (-1, 0, 9223372036854775807, gen_random_uuid()), (1, -2, 3, gen_random_uuid())"
        )
        (table,) = carried_tables(owner, pair.source.schema, ["plain"])
        rows = owner.execute(
            sql.SQL("SELECT {}, jsonb_build_array(r.a, r.b, r.c, r.d)::text FROM xshop.plain r").format(
                keys.spelled(table, "r")
            )
        ).fetchall()

    assert len(rows) == 2
    assert all(spelled == as_json for spelled, as_json in rows)


def test_a_changed_key_leaves_the_old_one_too(pair: Pair) -> None:
    with connect(pair.source, "test") as owner:
        owner.execute("INSERT INTO xshop.tag VALUES ('old'), ('kept')")
        capture.install(owner, pair.source, NAMES)
        owner.execute("UPDATE xshop.tag SET name = CASE name WHEN 'old' THEN 'new' ELSE name END")

        logged = owner.execute("SELECT key FROM xshop_xtr.log ORDER BY key").fetchall()

    assert [key for (key,) in logged] == ["kept", "new", "old"]
