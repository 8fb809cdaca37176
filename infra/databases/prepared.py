"""Statements that the server plans once per connection, for the few that are asked all the time."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connections
from django.db.backends.utils import CursorWrapper


def prepared_cursor(alias: str) -> CursorWrapper:
    """Return a cursor of an alias whose statements are prepared from the second time on; use it in a `with`, as Django's own.

    Planning a read with joins takes as long as running it. Django's own cursors never prepare, as they write the parameters
    into the text. Here PostgreSQL must be able to tell each parameter's type from its place; a cast helps where it cannot.
    `DATABASE_PREPARES=no` is for poolers that share connections between clients without knowing prepared statements.
    """
    connection = connections[alias]
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
