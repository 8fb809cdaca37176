"""A coordinator is killed, or frozen and woken, before and after each step, and somebody recovers."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings

from infra.extraction.sides import Side
from infra.extraction.switch.patience import switch_patiently
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.transitions import STEPS
from tests.extraction.switch.two_sides import (
    PATIENT,
    as_application,
    as_json,
    one,
    plain_work,
    rows_of,
    two_sides,
    writable,
)

ENTRY = "INSERT INTO entry (id, account, amount) VALUES (gen_random_uuid(), 1, 5)"
NAMES = [step.name for step in STEPS]


@pytest.fixture(scope="module")
def travelling() -> Iterator[list[Side]]:
    """Two sides for all tests of this file; the primary comes first, wherever the last test left it."""
    with two_sides() as pair:
        yield list(pair)


@contextmanager
def coordinator(source: Side, target: Side, step: str, moment: str) -> Iterator[subprocess.Popen[str]]:
    """Have a coordinator that stands at a step."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.extraction.switch.coordinator", as_json(source), as_json(target), step, moment],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def brought_to_rest(sides: list[Side]) -> None:
    """Recover, then look whether exactly one side is writable and holds every entry; it comes first then."""
    before = one_count(sides)
    rest = recover(sides[0], sides[1], by="a test")
    if rest.primary != sides[0]:
        sides.reverse()
    (state, epoch), (other_state, other_epoch) = rows_of(*sides)
    assert (state, other_state, epoch) == ("primary", "standby", other_epoch)
    assert [writable(side) for side in sides] == [True, False]
    assert one_count(sides) == before
    with as_application(sides[0]) as customer:
        assert one(customer, "SELECT count(*) FROM entry") == before
        customer.execute(ENTRY)


def one_count(sides: list[Side]) -> int:
    counts = []
    for side in sides:
        with as_application(side) as customer:
            counts.append(one(customer, "SELECT count(*) FROM entry"))
    return int(max(counts))


@pytest.mark.parametrize("step", NAMES)
def test_a_coordinator_killed_before_a_step_is_recovered(step: str, travelling: list[Side]) -> None:
    source = travelling[0]
    with coordinator(travelling[0], travelling[1], step, "before") as process:
        assert not all(writable(side) for side in travelling)
        process.kill()
        process.wait()
        brought_to_rest(travelling)
    gone_forward = NAMES.index(step) > NAMES.index("give")
    assert (travelling[0] == source) is not gone_forward


@pytest.mark.parametrize("step", NAMES)
def test_a_coordinator_frozen_before_a_step_is_refused_when_it_wakes(step: str, travelling: list[Side]) -> None:
    source = travelling[0]
    with coordinator(travelling[0], travelling[1], step, "before") as process:
        process.send_signal(signal.SIGSTOP)
        brought_to_rest(travelling)
        rows = rows_of(*travelling)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("\n")
    if NAMES.index(step) <= NAMES.index("fence"):
        assert said == "switched\n"  # nothing had been begun, so nothing was taken from it
        travelling.reverse()
        assert NAMES.index(step) < NAMES.index("drain")
    else:
        # It gives up, or sees that a recovery finished what it had decided.
        forward = NAMES.index(step) > NAMES.index("give")
        assert said == "switched\n" if forward else said.startswith("WentBack: ")
        assert rows_of(*travelling) == rows
        assert (travelling[0] == source) is not forward
    assert [writable(side) for side in travelling] == [True, False]


def test_a_coordinator_that_sleeps_through_a_whole_other_switch_changes_nothing(travelling: list[Side]) -> None:
    source, target = travelling
    with coordinator(source, target, "data", "before") as process:
        process.send_signal(signal.SIGSTOP)
        brought_to_rest(travelling)
        switch_patiently(source, target, plain_work(source, target), by="another", deadlines=PATIENT)
        with as_application(target) as customer:
            customer.execute(ENTRY)
            customer.execute("UPDATE account SET balance = 77 WHERE id = 3")
        rows = rows_of(source, target)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate("\n")
    assert rows_of(source, target) == rows
    assert "no longer the standby of this switch" in said or said == "switched\n"
    with as_application(target) as customer:
        assert one(customer, "SELECT balance FROM account WHERE id = 3") == 77
    travelling.reverse()
