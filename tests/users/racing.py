"""Holding several threads at the same point, so that a race happens each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
from django.db import connections

from tests.databases import admin_url


def wait_until(condition: Callable[[], bool], *, at_most_seconds: float = 10) -> None:
    """Return once the condition holds; fail when it does not hold in time."""
    give_up_at = time.monotonic() + at_most_seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < give_up_at, "It did not happen in time."
        pause.wait(0.005)


def waiting_for_a_lock() -> int:
    """Return how many of this test's connections wait for another's row."""
    # Over a connection that is in no transaction, or it would see the same picture each time.
    with psycopg.connect(admin_url(connections["users"].settings_dict["NAME"]), autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(DISTINCT waiting.pid) FROM pg_locks AS waiting JOIN pg_stat_activity AS session USING (pid)"
            " WHERE NOT waiting.granted AND session.datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])
