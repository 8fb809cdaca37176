"""A controller is killed, or frozen, at each step of a switch, both ways; the carrier brings it to an end, customers go on."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from infra.extraction.move import operations
from infra.extraction.move.status import status
from infra.extraction.record.changing import read
from infra.extraction.record.values import Where
from infra.extraction.switch.transitions import STEPS
from tests.databases import Sweeper
from tests.extraction.move.customers import Customers, equal_soon
from tests.extraction.move.place import MODULE, Place, fresh_databases, made_up_module
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
def customers(moving: Place) -> Iterator[Customers]:
    """They come before the first test and leave after the last; then everything they were told must be true."""
    coming = Customers.coming(moving, processes=1, threads=2, rest_seconds=0.05)
    yield coming
    coming.leave()
    equal_soon(moving)
    coming.check()


def at(place: Place, step: str, moment: str) -> tuple[subprocess.Popen[str], Where]:
    """Have a controller begin, and return it when it stands at a step."""
    before = read(MODULE)
    process = place.waiting or place.start("controller")
    place.waiting = place.start("controller")  # for the next test: to begin takes long
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{'switch' if before.home == 'monolith' else 'reverse'} {step.replace(' ', '_')} {moment}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "here\n"
    return process, before


def at_rest(place: Place, before: Where, *, forward: bool) -> float:
    """Wait until record and gates agree and nobody waits; return how long it took."""
    began = time.monotonic()

    def so() -> bool:
        where = read(MODULE)
        writable = [place.may_write(side) for side in place.sides]
        return not where.hold and writable == [where.home == "monolith", where.home == "service"]

    eventually(so, "record and gates are at rest")
    assert (read(MODULE).home != before.home) is forward
    return time.monotonic() - began


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_a_killed_controllers_switch_is_finished_or_undone(
    way: str, step: str, moment: str, moving: Place, customers: Customers
) -> None:
    brought_to(way)

    process, before = at(moving, step, moment)
    process.kill()
    process.wait()

    at_rest(moving, before, forward=MOMENTS.index((step, moment)) >= DECIDED)
    customers.wait_for_writes(5)


@pytest.mark.parametrize(("step", "moment"), MOMENTS)
def test_a_frozen_controllers_switch_is_finished_or_undone_and_it_changes_nothing_when_it_wakes(
    step: str, moment: str, moving: Place, customers: Customers
) -> None:
    process, before = at(moving, step, moment)
    process.send_signal(signal.SIGSTOP)
    place = MOMENTS.index((step, moment))
    holds_nobody = place < MOMENTS.index(("record hold", "after"))

    if not holds_nobody:
        at_rest(moving, before, forward=place >= DECIDED)
        customers.wait_for_writes(5)
    settled = read(MODULE)
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate("\n")

    if holds_nobody or place >= DECIDED:
        assert said == "done\n"
    assert (read(MODULE).home != before.home) is (said == "done\n")
    at_rest(moving, before, forward=read(MODULE).home != before.home)
    assert settled.epoch <= read(MODULE).epoch


def brought_to(way: str) -> None:
    """Have the truth on the side from which this way leads."""
    exchange = operations.reverse if way == "there" else operations.switch
    exchange(MODULE, who="a test", why="to stand on the right side")
