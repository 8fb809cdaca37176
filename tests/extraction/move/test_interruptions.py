"""A controller is killed, or frozen, at each step of a switch, both ways; the carrier brings it to an end, customers go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from infra.extraction.move import operations
from infra.extraction.move.status import status
from infra.extraction.record.changing import read
from infra.extraction.record.values import Where
from infra.extraction.switch.transitions import STEPS
from tests.databases import Sweeper
from tests.extraction.move.controllers import Controller, Controllers
from tests.extraction.move.customers import Customers, equal_soon
from tests.extraction.move.place import MODULE, Place, fresh_databases, made_up_module, may_write
from tests.waiting import eventually

NAMES = [step.name for step in STEPS]
# In the order of a switch: what the record says is changed twice within it.
MOMENTS = [
    ("check", "before"),
    ("record hold", "before"),
    ("record hold", "after"),
    *((name, "before") for name in NAMES[NAMES.index("hold") : NAMES.index("open")]),
    ("open", "before"),
    ("record", "before"),
    ("record", "after"),
    ("retire", "before"),
    ("retire", "after"),
]
DECIDED = MOMENTS.index(("open", "before"))  # from here on it goes forward


@pytest.fixture(scope="module")
def moving(
    sweeper: Sweeper, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """The module in dual write, with a carrier; each test leaves it at rest, on one side or the other."""
    folder: Path = tmp_path_factory.mktemp("moving")
    with django_db_blocker.unblock(), fresh_databases(2) as (monolith, service):
        with made_up_module(monolith, service, folder) as place:
            place.start("carrier")
            place.begin()
            eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)
            yield place
        sweeper.sweep()
        connections.close_all()


@pytest.fixture(scope="module")
def controllers(moving: Place) -> Controllers:
    return Controllers(moving)


@pytest.fixture(scope="module")
def customers(moving: Place) -> Iterator[Customers]:
    """They come before the first test and leave after the last; then everything they were told must be true."""
    coming = Customers.coming(moving, processes=1, threads=2, rest_seconds=0.05)
    yield coming
    coming.leave()
    equal_soon(moving)
    coming.check()


def at(controllers: Controllers, step: str, moment: str) -> tuple[Controller, Where]:
    """Have a controller begin, and return it when it stands at a step."""
    before = read(MODULE)
    controller = controllers.begin("switch" if before.home == "monolith" else "reverse", step, moment)
    assert controller.hear() == "here"
    return controller, before


def at_rest(place: Place, before: Where, *, forward: bool) -> None:
    """Wait until record and gates agree and nobody waits."""
    with ExitStack() as stack:
        urls = zip((place.monolith_admin, place.service_admin), place.sides, strict=True)
        looking = [(stack.enter_context(psycopg.connect(url, autocommit=True)), side) for url, side in urls]

        def so() -> bool:
            where = read(MODULE)
            writable = [may_write(*each) for each in looking]
            return not where.hold and writable == [where.home == "monolith", where.home == "service"]

        eventually(so, "record and gates are at rest")
    assert (read(MODULE).home != before.home) is forward


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_a_killed_controllers_switch_is_finished_or_undone(
    way: str, step: str, moment: str, moving: Place, controllers: Controllers, customers: Customers
) -> None:
    brought_to(way)

    controller, before = at(controllers, step, moment)
    controller.kill()

    at_rest(moving, before, forward=MOMENTS.index((step, moment)) >= DECIDED)
    customers.wait_for_writes(5)


@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_a_frozen_controllers_switch_is_finished_or_undone_and_it_changes_nothing_when_it_wakes(
    step: str, moment: str, moving: Place, controllers: Controllers, customers: Customers
) -> None:
    controller, before = at(controllers, step, moment)
    controller.send(signal.SIGSTOP)
    place = MOMENTS.index((step, moment))
    holds_nobody = place < MOMENTS.index(("record hold", "after"))

    if not holds_nobody:
        at_rest(moving, before, forward=place >= DECIDED)
        customers.wait_for_writes(5)
    settled = read(MODULE)
    controller.send(signal.SIGCONT)
    said = controller.go_on()

    if holds_nobody or place >= DECIDED:
        assert said == "done"
    assert (read(MODULE).home != before.home) is (said == "done")
    at_rest(moving, before, forward=read(MODULE).home != before.home)
    assert settled.epoch <= read(MODULE).epoch


def brought_to(way: str) -> None:
    """Have the truth on the side from which this way leads."""
    exchange = operations.reverse if way == "there" else operations.switch
    exchange(MODULE, who="a test", why="to stand on the right side")
