"""Everything that is told about a project, before it takes any form."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

from infra.boundaries.adoption.arrows import Arrow, arrows_between, fan
from infra.boundaries.adoption.circles import cheapest_cuts, knots, short_circles
from infra.boundaries.adoption.cuts import Cut, ranked
from infra.boundaries.adoption.inventory import Inventory, inventory_of
from infra.boundaries.adoption.mapping import ABOVE, SHARED, ModuleMap
from infra.boundaries.adoption.moves import moves
from infra.boundaries.adoption.proposal import Proposal, proposed
from infra.boundaries.adoption.sources import place_of
from infra.boundaries.adoption.uses import Use, uses_in
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule
from infra.boundaries.static import Crossing, Project, crossings, mapped_project

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A project, read; nothing in it is judged yet."""

    project: Project
    inventory: Inventory
    uses: tuple[Use, ...]


@dataclass(frozen=True, kw_only=True)
class ModuleFigures:
    """The size of a module, and how it stands to the others."""

    name: str
    prefixes: tuple[str, ...]
    files: int
    lines: int
    models: int
    used_by: int  # modules
    uses: int  # modules
    leaks: int  # its own: places that it has to mend


@dataclass(frozen=True, kw_only=True)
class Tangle:
    """Two modules that use each other."""

    one: str
    other: str
    there: Arrow
    back: Arrow

    @property
    def places(self) -> int:
        return self.there.places + self.back.places


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A project held against a mapping of its apps to modules."""

    look: Look
    modules: ModuleMap
    proposal: Proposal | None  # where nobody gave a mapping
    leaks: tuple[Crossing, ...]
    arrows: tuple[Arrow, ...]
    backwards: tuple[tuple[str, str], ...]  # the arrows to cut so that no circle is left
    cuts: tuple[Cut, ...]
    seconds: float

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(leak.finding for leak in self.leaks)

    @cached_property
    def figures(self) -> tuple[ModuleFigures, ...]:
        """The modules, the largest first."""
        inventory = self.look.inventory
        files: dict[str, list[str]] = defaultdict(list)
        for name in inventory.facts.keys() - inventory.tests:
            files[self.modules.home_of(name)].append(name)
        used_by, uses = fan(arrow for arrow in self.arrows if arrow.source in self.modules.modules)
        leaks = Counter(leak.finding.module for leak in self.leaks)
        models = Counter(self.modules.home_of(app.name) for app in inventory.apps for _ in app.models)
        figures = [
            ModuleFigures(
                name=name,
                prefixes=prefixes,
                files=len(files[name]),
                lines=sum(inventory.lines[file] for file in files[name]),
                models=models[name],
                used_by=used_by[name],
                uses=uses[name],
                leaks=leaks[name],
            )
            for name, prefixes in self.modules.modules.items()
        ]
        return tuple(sorted(figures, key=lambda figure: (-figure.lines, figure.name)))

    @cached_property
    def by_rule(self) -> Mapping[Rule, tuple[Crossing, ...]]:
        """Leaks by rule, in the order of the rules' ids."""
        ordered = sorted(self.leaks, key=lambda leak: (leak.finding.rule.id, leak.finding.path, leak.finding.line))
        return {rule: tuple(leaks) for rule, leaks in groupby(ordered, key=lambda leak: leak.finding.rule)}

    @cached_property
    def between_modules(self) -> tuple[Arrow, ...]:
        return tuple(arrow for arrow in self.arrows if arrow.source in self.modules.modules)

    @cached_property
    def from_shared(self) -> tuple[Arrow, ...]:
        """What plumbing uses of modules, which is upside down."""
        return tuple(arrow for arrow in self.arrows if arrow.source == SHARED)

    @cached_property
    def knots(self) -> tuple[tuple[str, ...], ...]:
        return tuple(knots([arrow.pair for arrow in self.between_modules]))

    @cached_property
    def short_circles(self) -> tuple[tuple[str, ...], ...]:
        return tuple(short_circles([arrow.pair for arrow in self.between_modules]))

    @cached_property
    def tangles(self) -> tuple[Tangle, ...]:
        """The pairs that use each other, the most tangled first."""
        by_pair = {arrow.pair: arrow for arrow in self.between_modules}
        found = [
            Tangle(one=one, other=other, there=arrow, back=by_pair[other, one])
            for (one, other), arrow in by_pair.items()
            if one < other and (other, one) in by_pair
        ]
        return tuple(sorted(found, key=lambda tangle: (-tangle.places, tangle.one, tangle.other)))

    @cached_property
    def wanted(self) -> tuple[tuple[str, int, int], ...]:
        """What other modules reach for most: the thing, by how many modules, at how many places."""
        users: dict[str, set[str]] = defaultdict(set)
        places: Counter[str] = Counter()
        for arrow in self.between_modules:
            for thing, count in arrow.things:
                users[thing].add(arrow.source)
                places[thing] += count
        found = [(thing, len(users[thing]), places[thing]) for thing in users]
        return tuple(sorted(found, key=lambda each: (-each[1], -each[2], each[0])))


def read(folder: Path, tell: Tell) -> Look:
    """Read a project.

    Args:
        tell: is told what is being done, for those who wait.

    Raises:
        NoProjectError: there is none in the folder.
    """
    place = place_of(folder)
    tell(f"reading {', '.join(place.tops)}")
    project = mapped_project(place.root, {}, below=place.tops)
    tell(f"finding who uses whom in {len(project.sources):,} files")
    inventory = inventory_of(project)
    return Look(project=project, inventory=inventory, uses=tuple(uses_in(inventory)))


def surveyed(look: Look, modules: ModuleMap | None, tell: Tell) -> Survey:
    """Return all that there is to tell, with a mapping that is given or proposed."""
    began = time.perf_counter()
    proposal = None
    if modules is None:
        tell("proposing modules")
        proposal = proposed(look.inventory, look.uses)
        modules = proposal.modules
    tell(f"looking for leaks between {len(modules.modules)} modules")
    leaks = tuple(_counted(crossings(modules.applied_to(look.project)), look.inventory, modules))
    arrows = arrows_between(look.uses, leaks, modules, look.inventory)
    tell(f"looking for circles among {len(arrows)} arrows")
    between = [arrow for arrow in arrows if arrow.source in modules.modules]
    backwards = cheapest_cuts({arrow.pair: arrow.work for arrow in between})
    return Survey(
        look=look,
        modules=modules,
        proposal=proposal,
        leaks=leaks,
        arrows=tuple(arrows),
        backwards=tuple(backwards),
        cuts=tuple(ranked(arrows, set(backwards), moves(look.uses, arrows, modules, look.inventory))),
        seconds=time.perf_counter() - began,
    )


def _counted(leaks: Iterable[Crossing], inventory: Inventory, modules: ModuleMap) -> Iterator[Crossing]:
    """Yield leaks without those of what stands above: a site's settings and root URLs name its apps, however they are cut."""
    above = {path for name, path in inventory.paths.items() if modules.home_of(name) == ABOVE}
    return (leak for leak in leaks if leak.finding.path not in above)
