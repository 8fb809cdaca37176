"""What every test stands on: the shared PostgreSQL, and clean tables before each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from tests import databases

pytest_plugins: list[str] = ["tests.api", "tests.boundaries.zoo.score", "tests.contract_routes", "tests.servers"]
_session = ExitStack()
hypothesis_settings.register_profile("banyan", deadline=None)  # on a busy machine slow is not wrong
hypothesis_settings.load_profile("banyan")


gc.disable()  # until all tests are collected: they are some hundred thousand objects, of which none is garbage


def pytest_collection_finish() -> None:
    # The collector need not walk what stays to the end anyway.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the processes of pytest-xdist use the server of the one that starts them
        _session.enter_context(databases.running_server(Path(config.rootpath) / ".banyan" / "test-postgres"))


def pytest_unconfigure(config: pytest.Config) -> None:
    _session.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More than four processes fight for the one PostgreSQL; fewer than two hide what parallel tests disturb."""
    return max(2, min(os.cpu_count() or 2, 4))


@pytest.fixture(scope="session")
def sweeper(django_db_blocker: DjangoDbBlocker) -> Iterator[databases.Sweeper]:
    """This test process's own database, from now until its end."""
    name = f"{databases.TEST_DATABASE_PREFIX}{os.getpid()}"
    with django_db_blocker.unblock():
        databases.create_from_template(name)
        made = databases.Sweeper(name)
        yield made
        made.close()
        databases.drop(name)


@pytest.fixture
def database(sweeper: databases.Sweeper) -> Iterator[None]:
    """Real, committed rows in every module's schema, under the modules' own roles; swept after the test."""
    yield
    sweeper.sweep()
