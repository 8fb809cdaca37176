"""Values as odd as PostgreSQL holds arrive as they are, in both forms of COPY, and none is taken for another."""

from __future__ import annotations

import tracemalloc

import pytest

from infra.extraction.data import capture, stream
from infra.extraction.data.comparison import compare
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import carried_tables
from tests.extraction.data.shop import Pair, close

# A table per kind: what one value is, and what a careless comparison would take for the same.
LOOKALIKES = {
    "text": ("NULL", "''"),
    "varchar(9)": ("'a'", "'a '"),
    "numeric": ("1.0", "1.00"),
    "numeric(9,2)": ("'NaN'", "NULL"),
    "float8": ("'-0'", "'0'"),
    "real": ("'NaN'", "'Infinity'"),
    "jsonb": ("""'{"a": 1, "b": [1, 2]}'""", """'{"a": 1, "b": [2, 1]}'"""),
    "json": ("""'{"a": 1, "b": 2}'""", """'{"b": 2, "a": 1}'"""),
    "{s}.mood": ("'calm'", "'cross'"),
    "{s}.mood[]": ("ARRAY['calm', NULL]::{s}.mood[]", "ARRAY['calm']::{s}.mood[]"),
    "text[]": ("ARRAY['', NULL]", "ARRAY[NULL, '']"),
    "integer[]": ("ARRAY[[1, 2], [3, 4]]", "ARRAY[1, 2, 3, 4]"),
    "timestamptz": ("'2026-03-29 01:30+00'", "'2026-03-29 01:30+01'"),
    "timestamp": ("'infinity'", "'-infinity'"),
    "date": ("'0044-03-15 BC'", "'0044-03-15'"),
    "time": ("'24:00'", "'00:00'"),
    "interval": ("'1 mon'", "'30 days'"),
    "bytea": (r"'\x00'", r"'\x'"),
    "inet": ("'10.0.0.1/8'", "'10.0.0.1'"),
    "bit(3)": ("B'001'", "B'010'"),
    "int4range": ("'empty'", "'[1,2)'"),
    "uuid": ("'00000000-0000-0000-0000-000000000001'", "NULL"),
    "boolean": ("false", "NULL"),
    "point": ("'(1,2)'", "'(1,2.0000001)'"),
    "tsvector": ("'a:1'", "'a'"),
}


@pytest.mark.parametrize("as_text", [False, True])
def test_no_value_is_taken_for_another_and_each_arrives_as_it_is(pair: Pair, as_text: bool) -> None:
    names = [f"odd_{number}" for number in range(len(LOOKALIKES))]
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        for name, kind in zip(names, LOOKALIKES, strict=True):
            for connection, side in ((source, pair.source), (target, pair.target)):
                connection.execute(
                    f"CREATE TABLE {side.schema}.{name} (id integer PRIMARY KEY, value {kind.replace('{s}', side.schema)})"
                )
            for number, value in enumerate(LOOKALIKES[kind]):
                source.execute(f"INSERT INTO xshop.{name} VALUES ({number}, {value.replace('{s}', 'xshop')})")
        close(target, pair.target)
        capture.install(source, pair.source, names)
        stream.begin(source, target, (pair.source, pair.target), names)
        with Applier(pair.source, pair.target, names) as applier:
            applier.copy_all()
            source.execute("; ".join(f"UPDATE xshop.{name} SET id = id + 10" for name in names))
            applier.step()
            assert compare(applier, everything=True, as_text=as_text).differences == ()
            assert compare(applier, everything=True, audit=True).differences == ()
            for name, kind in zip(names, LOOKALIKES, strict=True):
                query = "SELECT id, value::text FROM {}.{} ORDER BY id"
                assert (
                    source.execute(query.format(pair.source.schema, name)).fetchall()
                    == target.execute(query.format(pair.target.schema, name)).fetchall()
                ), kind
                other = LOOKALIKES[kind][1].replace("{s}", pair.target.schema)
                target.execute(f"UPDATE {pair.target.schema}.{name} SET value = {other} WHERE id = 10")
            seen = {each.table for each in compare(applier, everything=True, as_text=as_text).differences}
            assert [kind for name, kind in zip(names, LOOKALIKES, strict=True) if name not in seen] == []
            audited = {each.table for each in compare(applier, everything=True, audit=True).differences}
            assert audited == seen


def test_binary_copy_is_for_types_that_mean_the_same_in_another_database(pair: Pair) -> None:
    with pair.owner(pair.source) as source:
        tables = {table.name: table for table in carried_tables(source, "xshop", ["customer", "category", "tag"])}
    assert tables["customer"].binary
    assert not tables["category"].binary  # arrays of a type of the module's own hold its number


def test_values_of_twenty_megabytes_pass_without_being_gathered_in_memory(pair: Pair) -> None:
    with pair.application() as shop:
        shop.execute(
            "INSERT INTO xshop.ledger (amount, data) SELECT i, decode(repeat('00ff', 10000000), 'hex')"
            " FROM generate_series(1, 6) i"
        )
    pair.begin()
    with pair.applier(streams=1) as applier:
        tracemalloc.start()
        try:
            applier.copy_all()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 100e6, "six values of 20 MB, of which one at a time is held, and once more while it is sent"
        assert compare(applier, everything=True).differences == ()
