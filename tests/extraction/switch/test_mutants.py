"""Defects of the switch, planted into the real one on real databases; the model convicts the same and more (test_model.py).

Each scenario is played beside the same without the defect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from infra.extraction.data.comparison import compare
from infra.extraction.switch import gate, recovery, sequences, steps, transitions
from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.transitions import Epoch, Privilege
from tests.extraction.data.shop import Pair, fill, two_databases
from tests.extraction.joined import Joined, joined, owner, turned

Scenario = Callable[[Pair, Joined], None]
Patch = Callable[[pytest.MonkeyPatch], None]
TAG = "INSERT INTO {} VALUES ({})"


@pytest.fixture
def both() -> Iterator[tuple[Pair, Joined]]:
    with two_databases() as pair:
        with psycopg.connect(pair.source.owner_url, autocommit=True) as source:
            fill(source, 5)
        with joined(pair) as made:
            yield pair, made


def insert(connection: psycopg.Connection[Any], schema: str, name: str) -> None:
    connection.execute(sql.SQL(TAG).format(sql.Identifier(schema, "tag"), sql.Literal(name)))


def tags(side: Any) -> set[str]:
    with owner(side) as connection:
        query = sql.SQL("SELECT name FROM {}").format(sql.Identifier(side.schema, "tag"))
        return {row[0] for row in connection.execute(query)}


def a_writer_that_was_let_in_before_the_fence(pair: Pair, made: Joined) -> None:
    """It commits as soon as somebody looks who is still inside, and after the last step when nobody does."""
    looked, reached = gate.writers_inside, list[str]()
    with made.application(made.primary) as shop, pytest.MonkeyPatch.context() as patch:
        shop.execute("BEGIN")
        insert(shop, made.primary.schema, "early")

        def on_step(step: str, moment: str) -> None:
            reached.append(f"{step} {moment}")
            if reached[-1] == "data after":
                shop.execute("COMMIT")

        def look(*arguments: Any) -> Any:
            inside = looked(*arguments)
            if "fence after" in reached:
                shop.execute("COMMIT")
            return inside

        patch.setattr(gate, "writers_inside", look)
        made.switch(on_step=on_step)
    assert "early" in tags(made.primary)


def a_writer_who_asks_nobody(pair: Pair, made: Joined) -> None:
    """It writes on the old side at each step of a switch; what was accepted stands on the new side."""
    accepted = []
    source = made.primary
    with made.application(source) as shop:

        def write(step: str, moment: str) -> None:
            with suppress(psycopg.errors.InsufficientPrivilege):
                insert(shop, source.schema, f"{step} {moment}")
                accepted.append(f"{step} {moment}")

        made.switch(on_step=write)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            insert(shop, source.schema, "at the end")
    assert accepted
    assert set(accepted) <= tags(made.primary)


def a_recovery_under_a_frozen_coordinator(pair: Pair, made: Joined) -> None:
    """It undoes a switch at its last step; the coordinator wakes up, and what was written meanwhile must count."""
    source, written = made.primary, []
    with made.application(source) as shop:

        def sleep(step: str, moment: str) -> None:
            if (step, moment) == ("ready", "after"):
                recover(made.primary, made.standby, by="somebody else")
                insert(shop, source.schema, "meanwhile")
                written.append("meanwhile")

        with suppress(SwitchError):
            made.switch(on_step=sleep)
    rest = recover(made.primary, made.standby, by="somebody else")
    assert written
    assert "meanwhile" in tags(rest.primary)
    with made.application(rest.primary) as shop:
        insert(shop, rest.primary.schema, "afterwards")


def a_change_from_an_old_reading(pair: Pair, made: Joined) -> None:
    """Two coordinators read the gates; one switches there and back, the other acts on what it read before."""
    moved: list[str] = []

    def others_were_here(step: str, moment: str) -> None:
        if (step, moment) == ("check", "after") and not moved:
            other = Joined(made.primary, made.standby, made.names)
            other.switch()
            other.switch()
            moved.append("there and back")

    with suppress(SwitchError):
        made.switch(on_step=others_were_here)
    rest = recover(made.primary, made.standby, by="somebody else")
    assert rest.epoch >= 3
    with made.application(rest.primary) as shop:
        insert(shop, rest.primary.schema, "afterwards")
    other = made.standby if rest.primary == made.primary else made.primary
    with made.application(other) as shop, pytest.raises(psycopg.errors.InsufficientPrivilege):
        insert(shop, other.schema, "on both")


def never_both_writable(pair: Pair, made: Joined) -> None:
    """At each step of a switch at most one side may be written to."""
    sides = (made.primary, made.standby)

    def look(step: str, moment: str) -> None:
        writable = []
        for side in sides:
            with owner(side) as connection:
                writable.append(gate.may_write(connection, side))
        assert not all(writable), f"both sides are writable {moment} {step}"

    made.switch(on_step=look)


def a_write_in_the_first_moment_of_the_target(pair: Pair, made: Joined) -> None:
    """The new side is written to as soon as it opens; the way back carries that."""
    target = made.standby
    with made.application(target) as service:

        def write(step: str, moment: str) -> None:
            if (step, moment) == ("open", "after"):
                insert(service, target.schema, "first")

        made.switch(on_step=write)
    with made.applier() as applier:
        applier.step()
        assert compare(applier, everything=True).differences == ()
    assert turned(pair, made).differences() == {}


def numbers_after_a_switch(pair: Pair, made: Joined) -> None:
    """New rows get numbers that no row has or had."""
    for _ in range(2):
        made.switch()
        with made.application(made.primary) as shop:
            query = sql.SQL("INSERT INTO {} (amount) SELECT 1 FROM generate_series(1, 3) RETURNING id > 1000").format(
                sql.Identifier(made.primary.schema, "ledger")
            )
            assert shop.execute(query).fetchall() == 3 * [(True,)]
        with made.applier() as applier:
            applier.step()


def _without(step: str) -> Patch:
    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(steps, "PERFORM", {**steps.PERFORM, step: lambda attempt: None})

    return plant


def _transition(name: str, **change: Any) -> Patch:
    """Plant a transition that is another than the declared one, wherever it is used."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        wrong = replace(getattr(transitions, name), **change)
        for module in (transitions, steps, recovery):
            if hasattr(module, name):
                patch.setattr(module, name, wrong)

    return plant


def _nothing_revoked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "_privileges", lambda side, change: ())


def _revoked_late(patch: pytest.MonkeyPatch) -> None:
    """Wait for writers, but take the right to write only with the decision."""
    _transition("FENCE", privilege=Privilege.KEEP)(patch)
    _transition("GIVE", privilege=Privilege.REVOKE)(patch)


def _no_comparison(patch: pytest.MonkeyPatch) -> None:
    compare_and_set = gate._compare_and_set

    def only_set(*arguments: Any) -> Any:
        update, _ = compare_and_set(*arguments)
        text = update.as_string(None).partition(" WHERE ")[0]
        return sql.SQL(text) + sql.SQL(";"), sql.SQL("")

    patch.setattr(gate, "_compare_and_set", only_set)
    patch.setattr(steps.Attempt, "guard", lambda self, connection: None)


def _steps_in_another_order(first: str, then: str) -> Patch:
    """Have the step `then` come before `first`."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        order = list(transitions.STEPS)
        names = [step.name for step in order]
        order.insert(names.index(first), order.pop(names.index(then)))
        patch.setattr(steps, "STEPS", tuple(order))
        patch.setattr(steps.Attempt, "guard", lambda self, connection: None)

    return plant


def _open_as_it_is(patch: pytest.MonkeyPatch) -> None:
    _steps_in_another_order("fence", "open")(patch)
    _transition("OPEN", before=frozenset(transitions.State), epoch=Epoch.NEXT)(patch)


MUTANTS: dict[str, tuple[Scenario, Patch]] = {
    "M7 the fence stands, and nobody waits for who was let in before": (
        a_writer_that_was_let_in_before_the_fence, _without("drain")),
    "M8 it waits for writers, and the right to write goes late": (a_writer_who_asks_nobody, _revoked_late),
    "M9 the gate's row changes, and no privilege": (a_writer_who_asks_nobody, _nothing_revoked),
    "M10 the way back leaves the epoch as it was": (
        a_recovery_under_a_frozen_coordinator, _transition("UNFENCE", epoch=Epoch.KEEP)),
    "M11 rows and privileges are set without comparing": (a_recovery_under_a_frozen_coordinator, _no_comparison),
    "M11b the same, of two coordinators": (a_change_from_an_old_reading, _no_comparison),
    "M12 the target opens before the source gave": (never_both_writable, _open_as_it_is),
    "M13 the way back begins after the target opened": (
        a_write_in_the_first_moment_of_the_target, _steps_in_another_order("retire", "cursor")),
    "M14 sequences stay where they were": (
        numbers_after_a_switch, lambda patch: patch.setattr(sequences, "advance", lambda *_: None)),
}  # fmt: skip
SCENARIOS = tuple(dict.fromkeys(scenario for scenario, _ in MUTANTS.values()))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenario_holds(both: tuple[Pair, Joined], scenario: Scenario) -> None:
    scenario(*both)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_planted_defect_is_seen(both: tuple[Pair, Joined], mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, plant = MUTANTS[mutant]
    plant(monkeypatch)
    with pytest.raises((AssertionError, psycopg.Error, transitions.Impossible, pytest.fail.Exception)):
        scenario(*both)
