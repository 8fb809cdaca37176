"""The service's database is a server of its own, and goes away: while it is copied to, and in the middle of a switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.extraction.move import operations
from infra.extraction.move.operations import MoveRefused
from infra.extraction.move.status import status
from infra.extraction.record.changing import read
from tests.extraction.move.customers import Customers, equal_soon
from tests.extraction.move.place import MODULE, Place, fresh_databases, made_up_module
from tests.waiting import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(tmp_path / "service", durable=False)
    made.start()
    yield made
    made.remove()


@pytest.fixture
def apart(
    database: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path, server: EmbeddedServer
) -> Iterator[Place]:
    """The made-up module, with a server of its own on the service's side."""
    with django_db_blocker.unblock(), fresh_databases(1) as (monolith,):
        with made_up_module(monolith, server.url(SUPERUSER), tmp_path) as made:
            yield made
        connections.close_all()


def test_customers_feel_nothing_of_a_target_that_goes_away_and_comes_back_nor_of_a_killed_carrier(
    apart: Place, server: EmbeddedServer
) -> None:
    carrier = apart.start("carrier")
    customers = Customers.coming(apart, processes=1, threads=2, rest_seconds=0.02)
    apart.begin()
    eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)

    server.stop()
    customers.wait_for_writes(30)
    eventually(lambda: "stream" in status(MODULE).problem, "the carrier says what keeps it from carrying")
    with pytest.raises(MoveRefused):
        operations.switch(MODULE, who="ada", why="too early", tries=1)
    customers.wait_for_writes(5)
    server.start()
    eventually(lambda: not status(MODULE).problem, "the carrier goes on", seconds=60)

    carrier.kill()
    customers.wait_for_writes(5)
    apart.start("carrier")
    eventually(lambda: status(MODULE).carrier is not None, "another carrier took over", seconds=60)
    customers.wait_for_writes(5)
    customers.leave()
    equal_soon(apart, seconds=60)
    customers.check()
    assert (read(MODULE).phase, status(MODULE).incidents) == ("dual_write", 0)


@pytest.mark.parametrize(("step", "home"), [("data", "monolith"), ("retire", "service")])
def test_a_target_that_goes_away_in_the_middle_of_a_switch(
    step: str, home: str, apart: Place, server: EmbeddedServer
) -> None:
    apart.start("carrier")
    customers = Customers.coming(apart, processes=1, threads=1, rest_seconds=0.02)
    apart.begin()
    eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)

    controller = apart.start("controller", "switch", step, "before")
    assert controller.stdin
    assert controller.stdout
    assert controller.stdout.readline() == "here\n"
    server.stop()
    controller.stdin.write("\n")
    controller.stdin.flush()
    if home == "monolith":
        customers.wait_for_writes(5)  # while the target is still away
    server.start()

    eventually(lambda: not read(MODULE).hold and read(MODULE).home == home, "record and gates are at rest", seconds=60)
    customers.wait_for_writes(5)
    controller.communicate(timeout=60)
    customers.leave()
    equal_soon(apart, seconds=60)
    assert status(MODULE).incidents == 0
    customers.errors = [error for error in customers.errors if "OperationalError" not in error]
    customers.check()
