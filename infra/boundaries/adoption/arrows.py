"""Who uses whom, module by module: every place, and which of them break a rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from infra.boundaries.adoption.inventory import Inventory
from infra.boundaries.adoption.mapping import ABOVE, OUTSIDE, ModuleMap
from infra.boundaries.adoption.uses import Use, is_migration
from infra.boundaries.static import Crossing, rules

Spot = tuple[str, int]  # a path and a line


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """All that one module uses of another one."""

    source: str
    target: str
    uses: tuple[Use, ...]
    leaks: tuple[Crossing, ...]
    files: tuple[str, ...]  # what has to be touched to cut it: paths
    spots: frozenset[Spot]  # all places, whether they break a rule or not

    @property
    def places(self) -> int:
        return len(self.spots)

    @property
    def pair(self) -> tuple[str, str]:
        return self.source, self.target

    @cached_property
    def relations(self) -> int:
        """Foreign keys and the like, of which each takes a migration to cut."""
        return sum(leak.finding.rule in (rules.RELATION, rules.USER_RELATION) for leak in self.leaks)

    @property
    def work(self) -> int:
        """Files to touch and migrations to write."""
        return max(len(self.files) + self.relations, 1)

    @cached_property
    def things(self) -> tuple[tuple[str, int], ...]:
        """What is used, by how often."""
        return tuple(Counter(use.reached for use in self.uses).most_common())

    @cached_property
    def examples(self) -> tuple[Crossing, ...]:
        """Leaks of as many files and rules as possible, the most common first."""
        by_rule: dict[str, list[Crossing]] = defaultdict(list)
        for leak in self.leaks:
            by_rule[leak.finding.rule.id].append(leak)
        ordered = sorted(by_rule.values(), key=len, reverse=True)
        firsts = [leak for group in ordered for leak in _one_per_file(group)]
        return tuple(_one_per_file(firsts)) or tuple(firsts)


def _one_per_file(leaks: Iterable[Crossing]) -> list[Crossing]:
    return list({leak.finding.path: leak for leak in reversed(list(leaks))}.values())[::-1]


def arrows_between(
    uses: Iterable[Use], leaks: Iterable[Crossing], modules: ModuleMap, inventory: Inventory
) -> list[Arrow]:
    """Return the arrows from modules and from what is shared to other modules, the one with most places first."""
    names = {path: name for name, path in inventory.paths.items()}
    used: dict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in uses:
        pair = modules.home_of(use.source), modules.home_of(use.reached)
        if _is_arrow(pair, modules):
            used[pair].append(use)
    leaking: dict[tuple[str, str], list[Crossing]] = defaultdict(list)
    for leak in leaks:
        name = names.get(leak.finding.path, "")
        # Migrations are history: nobody cuts there, and their ties come from models that are counted themselves.
        if is_migration(name):
            continue
        pair = modules.home_of(name) if name else leak.finding.module, leak.other
        if _is_arrow(pair, modules):
            leaking[pair].append(leak)
    arrows = [_arrow(pair, used[pair], leaking[pair], inventory) for pair in {*used, *leaking}]
    return sorted(arrows, key=lambda arrow: (-arrow.places, arrow.pair))


def _is_arrow(pair: tuple[str, str], modules: ModuleMap) -> bool:
    source, target = pair
    return target in modules.modules and source not in ("", ABOVE, OUTSIDE, target)


def _arrow(pair: tuple[str, str], uses: Iterable[Use], leaks: Iterable[Crossing], inventory: Inventory) -> Arrow:
    uses, leaks = tuple(uses), tuple(leaks)
    leaking = {(leak.finding.path, leak.finding.line) for leak in leaks}
    spots = leaking | {(inventory.paths[use.source], use.line) for use in uses}
    return Arrow(
        source=pair[0],
        target=pair[1],
        uses=uses,
        leaks=leaks,
        files=tuple(sorted({path for path, _ in leaking or spots})),
        spots=frozenset(spots),
    )


def fan(arrows: Iterable[Arrow]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many modules use each one, and how many each one uses."""
    pairs = [arrow.pair for arrow in arrows]
    return Counter(target for _, target in pairs), Counter(source for source, _ in pairs)
