"""The whole model in one call, right or with a mistake in it."""

from __future__ import annotations

from infra.extraction.switch.model.explorer import Exploration, explore
from infra.extraction.switch.model.moves import Rules
from infra.extraction.switch.model.mutants import Mutant
from infra.extraction.switch.model.promises import Promises
from infra.extraction.switch.model.world import World, beginning

# Two coordinators, each of which may be the zombie of the other, a recovery that any of them may meet at any moment, and a
# writer that goes where it is let in.
PARTIES = {"writers": 1, "writes": 2, "coordinators": 2, "recoveries": 1}


def explore_switch(rules: Rules | None = None, *, ways_out: bool = True, **parties: int) -> Exploration[World]:
    """Explore every interleaving of the parties (`world.beginning`) under the rules, the declared ones by default."""
    rules = rules or Rules()
    return explore(beginning(**(PARTIES | parties)), rules.moves, Promises(rules, ways_out=ways_out).broken)


def convict(mutant: Mutant) -> Exploration[World]:
    """Explore the switch with one mistake in it: first for a broken state, then for one without a way out."""
    rules = Rules.with_mistake(mutant)
    seen = explore_switch(rules, ways_out=False)
    return seen if seen.counterexample else explore_switch(rules)
