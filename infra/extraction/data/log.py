"""The log of touched keys on the source: what a snapshot has not seen, what nobody needs any more, what to carry again."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress

import psycopg
from psycopg import sql

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.sides import Side

WORTH_A_VACUUM = 2000  # rows deleted; the log has no index, so its pages must be free again soon


def unseen(side: Side, cursor: str) -> sql.Composed:
    """Return the FROM and WHERE of all log rows that the snapshot `cursor` did not see.

    Not "newer than a number": a transaction that commits late has a small number, and must not be passed over.
    """
    return sql.SQL(
        "FROM {} l WHERE l.xid >= pg_snapshot_xmin({c}::pg_snapshot) AND NOT pg_visible_in_snapshot(l.xid, {c}::pg_snapshot)"
    ).format(sql.Identifier(side.control_schema, "log"), c=sql.Literal(cursor))


def anything_unseen(connection: Connection, side: Side, cursor: str) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT {})").format(unseen(side, cursor))
    return bool(one_row(connection.execute(query).fetchone())[0])


def touched(connection: Connection, side: Side, cursor: str, limit: int) -> list[tuple[int, str]]:
    """Return at most `limit` (table, key) touched since the snapshot `cursor`, each once."""
    query = sql.SQL("SELECT DISTINCT l.tbl, l.key {} LIMIT {}").format(unseen(side, cursor), sql.Literal(limit))
    return [(row[0], row[1]) for row in connection.execute(query)]


def touched_in_batches(
    connection: Connection, side: Side, cursor: str, size: int, *, children_first: bool
) -> Generator[tuple[int, list[str]], None, None]:
    """Yield all touched keys by table, in batches, within the transaction that `connection` is in."""
    direction = sql.SQL("DESC" if children_first else "ASC")
    query = sql.SQL("SELECT DISTINCT l.tbl, l.key {} ORDER BY l.tbl {}").format(unseen(side, cursor), direction)
    # Not psycopg's own server cursor, which can't be closed without complaint once its connection is gone.
    connection.execute(sql.SQL("DECLARE banyan_touched NO SCROLL CURSOR FOR {}").format(query))
    try:
        batch: list[str] = []
        number = 0
        while fetched := connection.execute(sql.SQL("FETCH {} FROM banyan_touched").format(size)).fetchall():
            for tbl, key in fetched:
                if batch and (tbl != number or len(batch) >= size):
                    yield number, batch
                    batch = []
                number = tbl
                batch.append(key)
        if batch:
            yield number, batch
    finally:
        with suppress(psycopg.Error):
            connection.execute("CLOSE banyan_touched")


def purge(connection: Connection, side: Side, cursor: str) -> int:
    """Delete what the snapshot `cursor` has seen, and return how much that was; the source notes how far it was carried.

    The cursor must stand on the target durably. What a later snapshot sees, this one or a later step carries, so that
    transactions that are open for hours keep no other's keys in the log.
    """
    log, capture = (sql.Identifier(side.control_schema, name) for name in ("log", "capture"))
    deleted = connection.execute(
        sql.SQL(
            "WITH told AS (UPDATE {} SET carried = %(cursor)s, carried_at = clock_timestamp())"
            " DELETE FROM {} WHERE pg_visible_in_snapshot(xid, %(cursor)s)"
        ).format(capture, log),
        {"cursor": cursor},
    ).rowcount
    if deleted >= WORTH_A_VACUUM:
        connection.execute(sql.SQL("VACUUM {}").format(log))
    return deleted


def went_back(connection: Connection, side: Side, cursor: str) -> tuple[bool, bool]:
    """Return whether the source, and whether the target with `cursor`, stands before what the other has seen already.

    A server that was set back to an earlier moment is the same server by name; these numbers tell.
    """
    row = one_row(
        connection.execute(
            sql.SQL(
                "SELECT pg_snapshot_xmax(%(c)s::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()),"
                " coalesce((SELECT pg_snapshot_xmax(carried) > pg_snapshot_xmax(%(c)s::pg_snapshot) OR EXISTS"
                " (SELECT FROM pg_snapshot_xip(%(c)s::pg_snapshot) x WHERE pg_visible_in_snapshot(x, carried))"
                " FROM {}), false)"
            ).format(sql.Identifier(side.control_schema, "capture")),
            {"c": cursor},
        ).fetchone()
    )
    return bool(row[0]), bool(row[1])


def mark(connection: Connection, side: Side, number: int, spelled_keys: Iterable[str]) -> None:
    """Have these keys carried again by the next step: this is all there is to a repair."""
    marked: Sequence[str] = list(spelled_keys)
    connection.execute(
        sql.SQL("INSERT INTO {} (tbl, key) SELECT %s::smallint, unnest(%s::text[])").format(
            sql.Identifier(side.control_schema, "log")
        ),
        [number, marked],
    )
