"""Rows from one server to another as COPY gives them, never decoded here."""

from __future__ import annotations

from psycopg import sql

from infra.extraction.data.connections import Connection

BLOCK_BYTES = 256 * 1024  # psycopg hands out row by row; a system call for each would cost more than the row


def relay(source: Connection, query: sql.Composable, target: Connection, into: sql.Composable, *, binary: bool) -> int:
    """Copy what `query` answers on `source` into the table and columns `into` of `target`, and return how many rows."""
    form = sql.SQL("BINARY" if binary else "TEXT")
    with (
        source.cursor() as reading,
        target.cursor() as writing,
        reading.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT {})").format(query, form)) as rows,
    ):
        with writing.copy(sql.SQL("COPY {} FROM STDIN (FORMAT {})").format(into, form)) as sink:
            block: list[memoryview | bytes | bytearray] = []
            size = 0
            while row := rows.read():
                block.append(row)
                size += len(row)
                if size >= BLOCK_BYTES:
                    sink.write(b"".join(block))
                    block.clear()
                    size = 0
            if block:
                sink.write(b"".join(block))
        return writing.rowcount
