"""What a module keeps: tables, rows, bytes, sequences, and how long copying them takes."""

from __future__ import annotations

import time

from django.db import connections
from django.db.utils import ProgrammingError
from psycopg import Connection, sql

from infra.boundaries.manifest import Manifest
from infra.boundaries.readiness.model import Stock, Table

# Counting so many takes some milliseconds; above, the planner's statistics are near enough.
ROWS_TO_COUNT = 100_000
# The probe reads so much of the largest table and throws it away.
PROBE_ROWS = 20_000
LEAST_PROBE_BYTES = 256 * 1024  # less says nothing about speed
# Reading is the smaller half: the other side writes rows, their log and their indexes. Measured on PostgreSQL 18 with two indexes
# per table: a COPY takes three to five times as long to write as to read.
WRITING_COSTS = 5.0
# Where there is too little to probe with: what a small virtual machine writes with indexes.
USUAL_BYTES_PER_SECOND = 10 * 1024 * 1024
# What was just read may come from memory; no disk writes rows, log and indexes faster than this.
MOST_BYTES_PER_SECOND = 40 * 1024 * 1024

_TABLES = """
SELECT relation.relname, relation.reltuples::bigint, pg_total_relation_size(relation.oid), pg_relation_size(relation.oid)
FROM pg_class AS relation JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE schema.nspname = %s AND relation.relkind = 'r'
ORDER BY pg_total_relation_size(relation.oid) DESC, relation.relname
"""
# The history of migrations is written by migrating over there, not copied.
_SEQUENCES = """
SELECT sequencename FROM pg_sequences WHERE schemaname = %s AND sequencename <> 'django_migrations_id_seq' ORDER BY 1
"""


def stock_of(manifest: Manifest, alias: str) -> Stock:
    """Return what stands in the module's schema, the plumbing's tables included: they move along.

    Raises:
        django.db.Error: its database is out of reach.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(_TABLES, [manifest.schema])
        rows = cursor.fetchall()
        cursor.execute(_SEQUENCES, [manifest.schema])
        sequences = [name for (name,) in cursor.fetchall()]
    if not rows:
        return Stock(missing=f"The schema {manifest.schema} has no tables: python manage.py migrate_modules")
    tables = [_table(alias, manifest.schema, name, estimate, size) for name, estimate, size, _ in rows]
    total = sum(size for _, _, size, _ in rows)
    rate = _measured_rate(alias, manifest.schema, max(rows, key=lambda row: row[3])[0])
    bytes_per_second = min(rate / WRITING_COSTS, MOST_BYTES_PER_SECOND) if rate else USUAL_BYTES_PER_SECOND
    return Stock(
        tables=tables,
        sequences=sequences,
        copy_seconds=total / bytes_per_second,
        bytes_per_second=bytes_per_second,
        rate_is_measured=rate is not None,
    )


def _table(alias: str, schema: str, name: str, estimate: int, size: int) -> Table:
    if estimate <= ROWS_TO_COUNT:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name)))
                return Table(name=name, rows=cursor.fetchone()[0], is_estimate=False, size_bytes=size)
        except ProgrammingError:  # the serving role may not read it: the history of migrations, for instance
            pass
    return Table(name=name, rows=max(0, estimate), is_estimate=True, size_bytes=size)


def _measured_rate(alias: str, schema: str, table: str) -> float | None:
    """Return how many bytes a second a COPY reads from the largest table; None where it is too small to tell."""
    with connections[alias].cursor() as cursor:
        connection: Connection[tuple[object, ...]] = cursor.connection
        statement = sql.SQL("COPY (SELECT * FROM {} LIMIT {}) TO STDOUT (FORMAT binary)")
        begun, read = time.perf_counter(), 0
        with (
            connection.cursor() as probe,
            probe.copy(statement.format(sql.Identifier(schema, table), sql.Literal(PROBE_ROWS))) as copy,
        ):
            for block in copy:
                read += len(block)
        seconds = time.perf_counter() - begun
    return read / seconds if read >= LEAST_PROBE_BYTES else None
