"""What holds in every state of the model."""

from __future__ import annotations

from infra.extraction.switch.model.moves import Rules
from infra.extraction.switch.model.world import GONE, NOBODY, Coordinator, Recovery, Side, World, Writer
from infra.extraction.switch.transitions import may_switch

TWO_WRITABLE = "at most one side is writable"
LOST = "what was acknowledged stands where writes go"
NO_WAY_OUT = "a recovery, alone, always brings the module to rest, and a switch works then"


class Promises:
    """Judges worlds under one set of rules; remembers from which rest of a world there is a way out."""

    def __init__(self, rules: Rules, *, ways_out: bool = True) -> None:
        self._rules = rules
        self._look_for_ways_out = ways_out
        self._ways_out: dict[tuple[tuple[Side, Side], tuple[Writer, ...]], bool] = {}

    def broken(self, world: World) -> str | None:
        """Return the promise that a world breaks."""
        for place, side in enumerate(world.sides):
            if not side.granted:
                continue
            if world.sides[1 - place].granted or any(writer.inside == 1 - place for writer in world.writers):
                return TWO_WRITABLE
            if any(side.values[key] != writer.acknowledged for key, writer in enumerate(world.writers)):
                return LOST
        if not self._look_for_ways_out:
            return None
        key = (world.sides, world.writers)
        if key not in self._ways_out:
            self._ways_out[key] = self._way_out(world)
        return None if self._ways_out[key] else NO_WAY_OUT

    def _way_out(self, world: World) -> bool:
        """Everybody else has crashed or sleeps: writers finish, a recovery runs, then a switch, and all is well."""
        first, second = (side._replace(gate_lock=NOBODY) for side in world.sides)
        alone = World((first, second), world.writers, (Coordinator(0, NOBODY, 0, ()),), ())
        recovery = Recovery(0, (None, None), 0)
        while recovery.at != GONE:
            _, (alone, recovery) = self._rules.recover_further(alone, recovery)
        source = may_switch(alone.sides[0].row, alone.sides[1].row)
        if source is None or not alone.sides[source].granted or alone.sides[1 - source].granted:
            return False
        for number, writer in enumerate(alone.writers):
            if writer.inside != NOBODY:
                ((_, alone),) = self._rules._writer(alone, number, writer)
        coordinator = alone.coordinators[0]
        while coordinator.at < len(self._rules.steps):
            after = self._rules.perform(alone, 0, coordinator)
            if after is None:
                return False
            alone, coordinator = after, after.coordinators[0]
        opened, closed = alone.sides[1 - source], alone.sides[source]
        return (
            opened.granted
            and not closed.granted
            and all(opened.values[key] == writer.acknowledged for key, writer in enumerate(alone.writers))
        )
