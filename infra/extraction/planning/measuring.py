"""Measuring on the server at hand, in temporary tables that go with their transaction: copying, and what capturing costs."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psycopg
from psycopg import sql

from infra.extraction.data.connections import Connection, connect
from infra.extraction.planning.model import Speed
from infra.extraction.sides import Side

SAMPLE_ROWS = 5_000
LEAST_ROWS = 500  # fewer are copied before a clock has said anything
USUAL_BYTES_PER_SECOND = 10 * 1024 * 1024  # of a small virtual machine that writes rows, log and indexes
# A temporary table writes no log; on the same disk, rows with their log and indexes take about twice as long.
LOG_COSTS = 2.0
STATEMENTS = 200  # in a round
ROUNDS = 8

_LARGEST = """
SELECT c.relname::text, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = %s AND c.relname = ANY(%s) ORDER BY pg_relation_size(c.oid) DESC LIMIT 1
"""
# What the capture does per statement: a trigger with a transition table that writes one row per touched key.
_PROBE = """
CREATE TEMPORARY TABLE plan_rows (id bigint PRIMARY KEY, name text NOT NULL, changed timestamptz) ON COMMIT DROP;
CREATE TEMPORARY TABLE plan_log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), tbl smallint, key text) ON COMMIT DROP;
CREATE FUNCTION pg_temp.plan_capture() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    INSERT INTO pg_temp.plan_log (tbl, key) SELECT 1, r.id::text FROM rows r;
    RETURN NULL; END$$;
INSERT INTO plan_rows SELECT n, repeat('x', 100), now() FROM generate_series(1, 1000) n;
"""
_CAPTURED = """
CREATE TRIGGER plan_capture AFTER UPDATE ON plan_rows REFERENCING NEW TABLE AS rows
FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.plan_capture()
"""
_WRITE = f"""
DO $$BEGIN FOR i IN 1..{STATEMENTS} LOOP
    UPDATE plan_rows SET changed = clock_timestamp() WHERE id = 1 + i % 1000;
END LOOP; END$$
"""  # noqa: S608 - a number of our own


def copy_speed(side: Side, names: Sequence[str]) -> Speed:
    """Copy some thousand rows of the largest table through this process into a temporary table with the same indexes."""
    usual = Speed(bytes_per_second=USUAL_BYTES_PER_SECOND, rows_per_second=0.0, measured_on="")
    with connect(side, "plan") as source, connect(side, "plan") as target, target.transaction(force_rollback=True):
        row = source.execute(_LARGEST, [side.schema, list(names)]).fetchone()
        if row is None:
            return usual
        table = sql.Identifier(side.schema, row[0])
        try:
            target.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE plan_copy (LIKE {} INCLUDING INDEXES INCLUDING GENERATED) ON COMMIT DROP"
                ).format(table)
            )
            columns = _plain_columns(source, side, row[0])
            began, rows = time.perf_counter(), _relay(source, target, table, columns)
            seconds = time.perf_counter() - began
            size = target.execute("SELECT pg_total_relation_size('pg_temp.plan_copy'::regclass)").fetchone()
        except psycopg.Error:
            return usual  # an owner without the right to make temporary tables; preparing says so by name
    if rows < LEAST_ROWS or not size:
        return usual
    return Speed(
        bytes_per_second=size[0] / seconds / LOG_COSTS,
        rows_per_second=rows / seconds / LOG_COSTS,
        measured_on=row[0],
    )


def capture_cost(side: Side) -> tuple[float, float] | None:
    """Return what a one-row update takes in microseconds, and how much longer with the capture; None if not to be measured."""
    best = {"DISABLE": float("inf"), "ENABLE": float("inf")}
    try:
        with connect(side, "plan") as connection, connection.transaction(force_rollback=True):
            connection.execute(_PROBE)
            connection.execute(_CAPTURED)
            # In turns, and the least of each: everything else on the machine only adds.
            for _ in range(ROUNDS):
                for mode in best:
                    connection.execute(sql.SQL("ALTER TABLE plan_rows {} TRIGGER plan_capture").format(sql.SQL(mode)))
                    began = time.perf_counter()
                    connection.execute(_WRITE)
                    best[mode] = min(best[mode], time.perf_counter() - began)
    except psycopg.Error:
        return None
    scale = 1_000_000 / STATEMENTS
    return best["DISABLE"] * scale, max(0.0, best["ENABLE"] - best["DISABLE"]) * scale


def longest_write(connection: Connection, role: str, *, seconds: float) -> float:
    """Watch a role's transactions for some time, and return the age of the oldest one seen that had written.

    Args:
        connection: logged in as that role, or as one that may see the activity of others.
    """
    oldest, end = 0.0, time.monotonic() + seconds
    query = (
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity"
        " WHERE usename = %s AND datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
    )
    while True:
        row = connection.execute(query, [role]).fetchone()
        oldest = max(oldest, float(row[0]) if row else 0.0)
        if time.monotonic() > end:
            return oldest
        time.sleep(0.02)


def _plain_columns(connection: Connection, side: Side, name: str) -> sql.Composed:
    rows = connection.execute(
        "SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0"
        " AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
        [sql.Identifier(side.schema, name).as_string(connection)],
    ).fetchall()
    return sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)


def _relay(source: Connection, target: Connection, table: sql.Identifier, columns: sql.Composed) -> int:
    read = sql.SQL("COPY (SELECT {} FROM {} LIMIT {}) TO STDOUT (FORMAT binary)").format(columns, table, SAMPLE_ROWS)
    write = sql.SQL("COPY pg_temp.plan_copy ({}) FROM STDIN (FORMAT binary)").format(columns)
    with source.cursor() as reading, target.cursor() as writing:
        with reading.copy(read) as rows, writing.copy(write) as kept:
            for block in rows:
                kept.write(block)
        return writing.rowcount
