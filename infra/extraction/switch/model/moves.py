"""What may happen next in a world: the steps of `transitions.STEPS`, writers, recoveries, and a server that cuts off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from infra.extraction.switch.model.mutants import Mutant
from infra.extraction.switch.model.world import GONE, NOBODY, Coordinator, Recovery, Side, World, Writer
from infra.extraction.switch.transitions import (
    FENCE,
    GIVE,
    OPEN,
    RETIRE,
    STAND_BACK,
    STEPS,
    UNFENCE,
    Impossible,
    Privilege,
    Remedy,
    Role,
    Row,
    State,
    Step,
    StepKind,
    Transition,
    epoch_after,
    may_switch,
    remedy_for,
)

V = TypeVar("V")
NAMES = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Rules:
    """The switch as it is declared, or with one mistake in it."""

    mutant: Mutant | None = None
    steps: tuple[Step, ...] = STEPS
    lock_decides: bool = True  # whether `give` needs the polite gate to be held; the design has it so

    @classmethod
    def with_mistake(cls, mutant: Mutant) -> Rules:
        """Return rules in which the order of the steps, or what a step does, is wrong."""
        steps = list(STEPS)
        names = [step.name for step in steps]
        if mutant is Mutant.OPEN_BEFORE_GIVEN:
            steps.insert(names.index("give"), steps.pop(names.index("open")))
        if mutant is Mutant.CURSOR_AFTER_OPENING:
            steps.insert(names.index("open"), steps.pop(names.index("cursor")))
        if mutant is Mutant.DATA_BEFORE_FENCE:
            steps.insert(names.index("fence"), steps.pop(names.index("data")))
        if mutant is Mutant.FENCE_WITHOUT_DRAIN:
            steps.pop(names.index("drain"))
        if mutant is Mutant.NO_DATA:
            steps.pop(names.index("data"))
        return cls(mutant, tuple(steps))

    def moves(self, world: World) -> Iterator[tuple[str, World]]:
        """Yield everything that may happen next.

        Nobody has to go on: whoever is never chosen again has crashed, whoever is chosen late was frozen. An answer that
        was lost after its commit is a failure before the next step.
        """
        for number, writer in enumerate(world.writers):
            yield from self._writer(world, number, writer)
        for number, coordinator in enumerate(world.coordinators):
            yield from self._coordinator(world, number, coordinator)
        for number, recovery in enumerate(world.recoveries):
            yield from self._recovery(world, number, recovery)

    # --- Writers ---

    def _writer(self, world: World, number: int, writer: Writer) -> Iterator[tuple[str, World]]:
        if writer.inside == NOBODY:
            for place, side in enumerate(world.sides):
                if side.granted and writer.left:
                    inside = Writer(place, writer.acknowledged, writer.left)
                    yield f"writer {number} enters side {place}", _with_writer(world, number, inside)
            return
        place = writer.inside
        side = world.sides[place]
        version = writer.acknowledged + 1
        dirty = _put(side.dirty, number, True) if side.captured else side.dirty
        written = side._replace(values=_put(side.values, number, version), dirty=dirty)
        done = Writer(NOBODY, version, writer.left - 1)
        after = _with_writer(_with_side(world, place, written), number, done)
        yield f"writer {number} commits version {version} on side {place}", after

    # --- Coordinators ---

    def _coordinator(self, world: World, number: int, me: Coordinator) -> Iterator[tuple[str, World]]:
        if me.at >= len(self.steps):
            return
        step, name = self.steps[me.at], NAMES[number]
        after = self.perform(world, number, me)
        if after is not None:
            reading = step.kind is StepKind.DATA and not me.cargo and after.coordinators[number].cargo
            yield f"{name}: {'data is read' if reading else step.name}", after
        if any(side.gate_lock == number for side in world.sides):
            yield f"the server ends {name}'s session at the gate", _without_lock(world, number)
        if step.kind not in (StepKind.CHECK, StepKind.HOLD):
            # A database refuses, a deadline passes: it gives up, and a recovery may follow at once or late.
            gone = _with_coordinator(_without_lock(world, number), number, _done(me, len(self.steps)))
            if self.mutant is Mutant.BACK_FROM_MEMORY and me.at > 2:
                source = gone.sides[me.source]._replace(granted=True)
                gone = _with_side(gone, me.source, source)
            yield f"{name}: {step.name} fails", gone

    def perform(self, world: World, number: int, me: Coordinator) -> World | None:
        """Return the world after a coordinator's next step; None where it is refused and nothing would change."""
        step = self.steps[me.at]
        following = me._replace(at=me.at + 1)
        if step.kind is StepKind.CHECK:
            place = may_switch(world.sides[0].row, world.sides[1].row)
            if place is None:
                return None
            following = following._replace(source=place, epoch=world.sides[place].row.epoch)
            return _with_coordinator(world, number, following)
        source, target = world.sides[me.source], world.sides[1 - me.source]
        at_standby = target.row == Row(State.STANDBY, me.epoch)
        if step.kind is StepKind.HOLD:
            if source.gate_lock != NOBODY:
                return None
            world = _with_side(world, me.source, source._replace(gate_lock=number))
        elif step.kind is StepKind.DRAIN:
            if any(writer.inside == me.source for writer in world.writers):
                return None
        elif step.kind is StepKind.DATA:
            if not me.cargo:
                cargo = tuple((key, source.values[key]) for key, dirty in enumerate(source.dirty) if dirty)
                if cargo:
                    return _with_coordinator(world, number, me._replace(cargo=cargo))
            elif not (at_standby or self.mutant is Mutant.DATA_WITHOUT_GUARD):
                return None
            else:
                world = _carried(world, me)
                following = following._replace(cargo=())
        elif step.kind is StepKind.CURSOR:
            guarded = self.mutant not in (Mutant.CURSOR_WITHOUT_GUARD, Mutant.CURSOR_AFTER_OPENING)
            if guarded and not at_standby:
                return None
            fresh = target._replace(dirty=(False,) * len(target.dirty), captured=True)
            world = _with_side(world, 1 - me.source, fresh)
        elif step.transition is not None:
            changed = self._step_transition(world, number, me, step.transition)
            if changed is None:
                return None
            world = changed
        return _with_coordinator(world, number, following)

    def _step_transition(self, world: World, number: int, me: Coordinator, transition: Transition) -> World | None:
        place = me.source if transition.side is Role.SOURCE else 1 - me.source
        if transition is GIVE and self.lock_decides and world.sides[place].gate_lock != number:
            return None
        fenced_at = me.epoch if self.mutant is Mutant.SAME_EPOCH_AT_THE_FENCE else me.epoch + 1
        expected = {
            FENCE: Row(State.PRIMARY, me.epoch),
            GIVE: Row(State.PRIMARY, fenced_at),
            OPEN: Row(State.READY, me.epoch),
            RETIRE: Row(State.GIVEN, me.epoch + 1),
        }.get(transition, Row(State.STANDBY, me.epoch))
        other = Row(State.GIVEN, me.epoch + 1)  # what it knows when it opens: it gave
        world_after = self._apply(world, place, transition, expected, other)
        if world_after is not None and transition is GIVE:
            world_after = _without_lock(world_after, number)
        return world_after

    def _apply(self, world: World, place: int, transition: Transition, expected: Row, other: Row) -> World | None:
        side = world.sides[place]
        if side.row != expected and self.mutant is not Mutant.NO_COMPARE:
            unchecked = self.mutant is Mutant.FORWARD_WITHOUT_CURRENT_ROWS and transition is OPEN
            if not unchecked:
                return None
        granted = side.granted
        if transition.privilege is not Privilege.KEEP and self.mutant is not Mutant.GATE_WITHOUT_PRIVILEGE:
            granted = transition.privilege is Privilege.GRANT
        if self.mutant is Mutant.GATE_WITHOUT_PRIVILEGE and transition is OPEN:
            granted = True
        if self.mutant is Mutant.DRAIN_WITHOUT_FENCE and transition is FENCE:
            granted = side.granted
        if self.mutant is Mutant.DRAIN_WITHOUT_FENCE and transition is GIVE:
            granted = False  # the privilege goes at the last moment
        row = Row(transition.after, self._epoch_after(transition, expected, other))
        return _with_side(world, place, side._replace(row=row, granted=granted))

    def _remedy(self, first: Row, second: Row) -> Remedy:
        remedy = remedy_for(first, second)
        if remedy.at_rest and self.mutant is Mutant.SAME_EPOCH_AT_THE_FENCE:
            return replace(remedy, transitions=(UNFENCE, STAND_BACK))  # they may be fenced: nothing tells
        return remedy

    def _epoch_after(self, transition: Transition, row: Row, other: Row) -> int:
        if self.mutant is Mutant.SAME_EPOCH_ON_THE_WAY_BACK and transition is UNFENCE:
            return row.epoch - 1  # what it was before the fence
        if self.mutant is Mutant.SAME_EPOCH_AT_THE_FENCE and transition in (FENCE, GIVE):
            return row.epoch + (transition is GIVE)
        if self.mutant is Mutant.TARGET_STANDS_BACK_FIRST and transition is STAND_BACK:
            return other.epoch + 1
        return epoch_after(transition, row, other)

    # --- Recoveries ---

    def _recovery(self, world: World, number: int, me: Recovery) -> Iterator[tuple[str, World]]:
        name = f"recovery {number}" if number else "recovery"
        if me.at == GONE:
            if me.runs_left:
                begun = Recovery(0, (None, None), me.runs_left - 1)
                yield from self._recovery(world, number, begun)
            return
        what, after = self.recover_further(world, me)
        yield f"{name}: {what}", _with_recovery(after[0], number, after[1])

    def recover_further(self, world: World, me: Recovery) -> tuple[str, tuple[World, Recovery]]:
        """Return what a recovery does next, the world after it, and the recovery itself."""
        gone = Recovery(GONE, (None, None), me.runs_left)
        if me.at == 0:
            return "reads side 0", (world, Recovery(1, (world.sides[0].row, None), me.runs_left))
        first, second = me.rows
        assert first is not None
        if me.at == 1:
            second = world.sides[1].row
            try:
                remedy = self._remedy(first, second)
            except Impossible:
                return "reads side 1, and cannot make sense of both", (world, gone)
            if remedy.at_rest:
                return "reads side 1, and finds both at rest", (world, gone)
            return "reads side 1", (world, Recovery(2, (first, second), me.runs_left))
        assert second is not None
        rows = [first, second]
        remedy = self._remedy(first, second)
        transitions = list(remedy.transitions)
        if self.mutant is Mutant.TARGET_STANDS_BACK_FIRST and not remedy.forward:
            transitions.reverse()
        for done in transitions[: me.at - 2]:
            place = remedy.source if done.side is Role.SOURCE else 1 - remedy.source
            rows[place] = Row(done.after, self._epoch_after(done, rows[place], rows[1 - place]))
        transition = transitions[me.at - 2]
        place = remedy.source if transition.side is Role.SOURCE else 1 - remedy.source
        after = self._apply(world, place, transition, rows[place], rows[1 - place])
        if after is None:
            return f"{transition.name} is refused", (world, gone)
        last = me.at - 1 == len(transitions)
        return transition.name, (after, gone if last else me._replace(at=me.at + 1))


def _carried(world: World, me: Coordinator) -> World:
    source, target = world.sides[me.source], world.sides[1 - me.source]
    values, dirty = list(target.values), list(source.dirty)
    for key, version in me.cargo:
        values[key] = version
        if source.values[key] == version:
            dirty[key] = False
    world = _with_side(world, me.source, source._replace(dirty=tuple(dirty)))
    return _with_side(world, 1 - me.source, target._replace(values=tuple(values)))


def _done(me: Coordinator, steps: int) -> Coordinator:
    return Coordinator(steps, NOBODY, 0, ())


def _put(values: tuple[V, ...], index: int, value: V) -> tuple[V, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _with_side(world: World, place: int, side: Side) -> World:
    return world._replace(sides=(side, world.sides[1]) if place == 0 else (world.sides[0], side))


def _with_writer(world: World, number: int, writer: Writer) -> World:
    return world._replace(writers=(*world.writers[:number], writer, *world.writers[number + 1 :]))


def _with_coordinator(world: World, number: int, me: Coordinator) -> World:
    return world._replace(coordinators=(*world.coordinators[:number], me, *world.coordinators[number + 1 :]))


def _with_recovery(world: World, number: int, me: Recovery) -> World:
    return world._replace(recoveries=(*world.recoveries[:number], me, *world.recoveries[number + 1 :]))


def _without_lock(world: World, number: int) -> World:
    first, second = (side._replace(gate_lock=NOBODY) if side.gate_lock == number else side for side in world.sides)
    return world._replace(sides=(first, second))
