"""The switch as a model: all interleavings, all crash points; and every mistake we can think of is seen."""

from __future__ import annotations

import sys

import pytest

from infra.extraction.switch.model.conviction import convict, explore_switch
from infra.extraction.switch.model.explorer import explore
from infra.extraction.switch.model.moves import Rules
from infra.extraction.switch.model.mutants import Mutant
from infra.extraction.switch.model.promises import LOST, NO_WAY_OUT, TWO_WRITABLE


def test_two_coordinators_a_recovery_and_a_writer_never_break_a_promise(capsys: pytest.CaptureFixture[str]) -> None:
    seen = explore_switch()
    with capsys.disabled():
        sys.stdout.write(f"\nmodel of the switch: {seen.states} states, {seen.moves} moves, no promise broken\n")
    assert seen.counterexample is None, str(seen.counterexample)
    assert seen.states > 10_000


def test_writers_on_several_keys_change_nothing() -> None:
    seen = explore_switch(writers=2, writes=1)
    assert seen.counterexample is None, str(seen.counterexample)


@pytest.mark.parametrize("mutant", Mutant, ids=lambda mutant: mutant.name.lower())
def test_a_mistake_in_the_switch_is_seen(mutant: Mutant) -> None:
    found = convict(mutant).counterexample
    assert found is not None, f"Nobody would notice that {mutant.value}."
    assert found.promise in (TWO_WRITABLE, LOST, NO_WAY_OUT)


def test_the_polite_lock_is_a_courtesy_and_carries_no_promise() -> None:
    assert explore_switch(Rules(lock_decides=False)).counterexample is None


def test_the_shortest_way_to_a_mistake_is_told_step_by_step() -> None:
    found = convict(Mutant.FENCE_WITHOUT_DRAIN).counterexample
    assert found is not None
    assert str(found).splitlines()[:3] == [
        f"Broken: {TWO_WRITABLE}",
        "   1. writer 0 enters side 0",
        "   2. A: check",
    ]
    assert found.steps[-1] == "A: open"


def test_two_explorations_are_the_same() -> None:
    first, second = (explore_switch(coordinators=1) for _ in range(2))
    assert first == second


def test_an_endless_model_is_refused() -> None:
    with pytest.raises(MemoryError, match="More than 10 states"):
        explore(0, lambda state: [("more", state + 1)], lambda state: None, at_most=10)
