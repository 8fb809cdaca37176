"""The end of what was retired."""

from __future__ import annotations

from psycopg import sql

from infra.extraction.data.connections import connect
from infra.extraction.retiring.setting_aside import find_retired
from infra.extraction.sides import Side

LOCK_MILLISECONDS = 5_000


def drop_retired(side: Side) -> str | None:
    """Drop the schema that holds the retired tables and return its name, None when there is none (any more)."""
    with connect(side, "dropping") as connection:
        retired = find_retired(connection, side.schema)
        if retired:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{LOCK_MILLISECONDS}ms")))
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(retired)))
        return retired
