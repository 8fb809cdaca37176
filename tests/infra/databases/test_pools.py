"""What this process keeps open, and hands out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from infra.databases.pools import close, pools_of
from tests.databases import admin_url

ALIAS = settings.MANIFESTS[0].name
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def idle() -> Iterator[list[Any]]:
    """Two connections that lie in the pool, and no other."""
    close(ALIAS)
    connections[ALIAS].ensure_connection()
    connections[ALIAS].close()
    (pool,) = pools_of(ALIAS)
    with pool.connection() as first, pool.connection() as second:
        idle = [first, second]
    yield idle
    close(ALIAS)


def administrate(statement: str, *values: Any) -> None:
    with psycopg.connect(admin_url("postgres"), autocommit=True) as administrator:
        administrator.execute(statement, values)


def served_by() -> set[int]:
    """Ask over three connections at once; return the server's processes."""
    with ExitStack() as stack:
        asking = [stack.enter_context(closing(connections.create_connection(ALIAS))) for _ in range(3)]
        cursors = [stack.enter_context(each.cursor()) for each in asking]
        for cursor in cursors:
            cursor.execute("SELECT pg_backend_pid()")
        return {cursor.fetchone()[0] for cursor in cursors}


def test_nobody_is_handed_a_connection_that_the_server_ended_while_it_was_idle(idle: list[Any]) -> None:
    ended = {each.info.backend_pid for each in idle}
    for process in ended:
        administrate("SELECT pg_terminate_backend(%s, 5000)", process)

    assert served_by().isdisjoint(ended)


def test_one_that_was_only_told_something_is_used_again(idle: list[Any]) -> None:
    standing = {each.info.backend_pid for each in idle}
    for each in idle:
        each.execute("LISTEN news")
    database = settings.DATABASES[ALIAS]["NAME"]
    with psycopg.connect(admin_url(database), autocommit=True) as administrator:
        administrator.execute("NOTIFY news")

    assert standing < served_by()
