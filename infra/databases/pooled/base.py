"""The engine: Django's own, which hands out no connection from its pool that the server has ended meanwhile."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes from the pool what is alive; after a restart of the server nobody's request fails with a connection of before."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            pool = self.pool
            if pool is None or not _was_ended(connection):
                return connection
            connection.close()
            pool.putconn(connection)


def _was_ended(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the server ended the connection while it was idle, as one that was restarted did with all of them.

    Whoever ends a connection says so on it: to look whether something was said takes no round trip, as a health check would
    for each request.
    """
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    if not said.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return True
    return False
