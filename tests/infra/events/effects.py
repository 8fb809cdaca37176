"""A table of the orders module that remembers in which order handlers did something, and tells when they did it twice."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.db import connections

from infra.databases.ownership import as_owner
from tests.infra.events.facts import AlsoHappened, Happened

CREATE = """
CREATE TABLE test_effect (
    position bigserial PRIMARY KEY, key text NOT NULL, number int NOT NULL, process int NOT NULL,
    lateness interval
)
"""


@pytest.fixture
def effects(database: None) -> Iterator[None]:
    """The table, empty."""
    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute(CREATE)
    yield
    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute("DROP TABLE test_effect")  # a table that no manifest names is a finding


def remember(event: Happened | AlsoHappened) -> None:
    with connections["orders"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO test_effect (key, number, process) VALUES (%s, %s, %s)", [event.key, event.number, os.getpid()]
        )


def remembered() -> dict[str, list[int]]:
    """Return the numbers handled under each key, in the order of handling."""
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT key, number FROM test_effect ORDER BY position")
        numbers: dict[str, list[int]] = defaultdict(list)
        for key, number in cursor.fetchall():
            numbers[key].append(number)
    return dict(numbers)


def count() -> int:
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM test_effect")
        return int(cursor.fetchone()[0])
