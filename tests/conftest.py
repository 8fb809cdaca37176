"""What every test stands on: the shared PostgreSQL, and clean tables before each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import databases

pytest_plugins: list[str] = ["tests.api", "tests.contract_routes"]
_server = None


def pytest_configure(config: pytest.Config) -> None:
    global _server
    if not hasattr(config, "workerinput"):
        _server = databases.start_server(Path(config.rootpath) / ".banyan" / "test-postgres")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.stop()


@pytest.fixture(scope="session")
def _database(django_db_blocker: DjangoDbBlocker) -> Iterator[databases.Sweeper]:
    name = f"banyan_test_{os.getpid()}"
    with django_db_blocker.unblock():
        databases.create_from_template(name)
        sweeper = databases.Sweeper(name)
        yield sweeper
        sweeper.close()
        databases.drop(name)


@pytest.fixture
def database(_database: databases.Sweeper) -> Iterator[None]:
    """Real, committed rows in every module's schema, under the modules' own roles; swept after the test."""
    yield
    _database.sweep()
