"""Files and folders that lie in the wrong module: most of their ties are elsewhere, or half the project needs them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from infra.boundaries.adoption.arrows import Arrow, Spot
from infra.boundaries.adoption.cuts import Candidate
from infra.boundaries.adoption.inventory import Inventory
from infra.boundaries.adoption.mapping import ModuleMap
from infra.boundaries.adoption.uses import Use

_WORTH_MOVING = 3  # leaks that a move must remove: for fewer nobody looks for a file in a new place
_UNLIKE_ITS_MODULE = 2.0  # how much more than the rest of its module it has to do with the other one
_TOGETHER = 4  # files that move at once
_WIDELY_USED = 3  # modules that use a file before it may count as plumbing
# What Django finds by its place, or what is tied to tables by its app, is not moved lightly.
_STAYS = frozenset({"models", "abstract_models", "migrations", "apps", "admin", "urls"})


@dataclass(slots=True)
class _Ties:
    """What goes between a file or folder and everything outside it."""

    inward: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))  # by the home of who uses it
    outward: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))  # by the home of what it uses

    def with_(self, home: str) -> list[Use]:
        return [*self.inward[home], *self.outward[home]]


def moves(uses: Sequence[Use], arrows: Sequence[Arrow], modules: ModuleMap, inventory: Inventory) -> list[Candidate]:
    """Return what could be moved; of a folder and a file in it, the one that brings more per file."""
    with_rows = {file for app in inventory.apps for file in app.models.values()}
    uses_by_end = _by_end(uses)
    found: list[tuple[float, str, Candidate]] = []
    usual = _usual(uses, modules)
    for unit, ties in _ties(uses, modules).items():
        own = modules.home_of(unit)
        files = {name for name in inventory.facts if name == unit or name.startswith(f"{unit}.")} - inventory.tests
        if own not in modules.modules or files & with_rows:
            continue
        for candidate in (
            _to_another(unit, own, files, ties, usual, modules, inventory),
            _to_shared(unit, own, uses_by_end, arrows, modules, inventory, with_rows),
        ):
            if candidate and len(candidate.spots) - candidate.new_leaks >= _WORTH_MOVING:
                worth = (len(candidate.spots) - candidate.new_leaks + len(candidate.pairs)) / len(candidate.files)
                found.append((worth, unit, candidate))
    taken: dict[str, Candidate] = {}
    for _, unit, candidate in sorted(found, key=lambda each: (-each[0], each[1])):
        if not any(f"{unit}.".startswith(f"{other}.") or f"{other}.".startswith(f"{unit}.") for other in taken):
            taken[unit] = candidate
    return list(taken.values())


def _ties(uses: Sequence[Use], modules: ModuleMap) -> dict[str, _Ties]:
    prefixes = {prefix for several in modules.modules.values() for prefix in several}
    ties: dict[str, _Ties] = defaultdict(_Ties)
    for use in uses:
        for unit in _units(use.source, prefixes):
            if not f"{use.target}.".startswith(f"{unit}."):
                ties[unit].outward[modules.home_of(use.target)].append(use)
        for unit in _units(use.target, prefixes):
            if not f"{use.source}.".startswith(f"{unit}."):
                ties[unit].inward[modules.home_of(use.source)].append(use)
    return ties


def _units(name: str, prefixes: set[str]) -> Iterator[str]:
    """Yield a file, and the folders around it that are smaller than a part of its module."""
    unit = name
    while unit and unit not in prefixes:
        if unit.rpartition(".")[2] not in _STAYS:
            yield unit
        unit = unit.rpartition(".")[0]


def _usual(uses: Sequence[Use], modules: ModuleMap) -> dict[tuple[str, str], float]:
    """Return how much of all that a module is tied to is each other module, or itself."""
    ties: Counter[tuple[str, str]] = Counter()
    for use in uses:
        source, target = modules.home_of(use.source), modules.home_of(use.target)
        ties[source, target] += 1
        if source != target:
            ties[target, source] += 1
    sums: Counter[str] = Counter()
    for (source, target), count in ties.items():
        if target in modules.modules:
            sums[source] += count
    return {(source, target): count / sums[source] for (source, target), count in ties.items() if sums[source]}


def _to_another(
    unit: str,
    own: str,
    files: set[str],
    ties: _Ties,
    usual: dict[tuple[str, str], float],
    modules: ModuleMap,
    inventory: Inventory,
) -> Candidate | None:
    counts = Counter({home: len(ties.with_(home)) for home in {*ties.inward, *ties.outward} if home in modules.modules})
    every = counts.total()
    kept = counts.pop(own, 0)
    target, there = max(counts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    # Where the whole module leans on the other one, each of its files does.
    if there <= kept or there / every < _UNLIKE_ITS_MODULE * usual.get((own, target), 0):
        return None
    return Candidate(
        title=f"move {unit} to {target}",
        advice=(
            f"It has {there} ties with {target} and {kept} with the rest of {own}: it looks misplaced."
            f" Where it cannot move, list it below [modules] as {target}'s."
        ),
        spots=_spots(ties.with_(target), inventory),
        files=_touched(files, ties, inventory),
        new_leaks=kept,
        examples=_examples(ties.with_(target), inventory),
    )


def _by_end(uses: Sequence[Use]) -> tuple[dict[str, list[Use]], dict[str, list[Use]]]:
    outward: dict[str, list[Use]] = defaultdict(list)
    inward: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        outward[use.source].append(use)
        inward[use.target].append(use)
    return outward, inward


def _to_shared(
    file: str,
    own: str,
    uses_by_end: tuple[dict[str, list[Use]], dict[str, list[Use]]],
    arrows: Sequence[Arrow],
    modules: ModuleMap,
    inventory: Inventory,
    with_rows: set[str],
) -> Candidate | None:
    """A file that half the project needs goes together with the few others of its module that it needs itself."""
    outward, inward = uses_by_end
    together, waiting = {file}, [file]
    while waiting:
        for use in outward[waiting.pop()]:
            home = modules.home_of(use.target)
            if home == own and use.target not in together:
                together.add(use.target)
                waiting.append(use.target)
            elif home in modules.modules and home != own:
                return None
    if len(together) > _TOGETHER or together & with_rows or not together <= inventory.facts.keys():
        return None
    into = [use for each in sorted(together) for use in inward[each] if use.source not in together]
    gone = [
        use for use in into if modules.home_of(use.source) in modules.modules and modules.home_of(use.source) != own
    ]
    users = {modules.home_of(use.source) for use in gone}
    if len(users) < _WIDELY_USED:
        return None
    spots = _spots(gone, inventory)
    others = sorted(together - {file})
    return Candidate(
        title=f"move {file} to what is shared",
        advice=(
            f"{len(users)} modules use it, and it uses none of them: it is plumbing."
            + (f" Take {', '.join(others)} along." if others else "")
            + " List its new place below shared."
        ),
        spots=spots,
        files=frozenset(inventory.paths[name] for name in together | {use.source for use in into}),
        pairs=frozenset(arrow.pair for arrow in arrows if arrow.target == own and arrow.spots <= spots),
        examples=_examples(gone, inventory),
    )


def _spots(uses: Sequence[Use], inventory: Inventory) -> frozenset[Spot]:
    return frozenset((inventory.paths[use.source], use.line) for use in uses)


def _touched(files: set[str], ties: _Ties, inventory: Inventory) -> frozenset[str]:
    importers = {use.source for several in ties.inward.values() for use in several}
    return frozenset(inventory.paths[name] for name in files | importers)


def _examples(uses: Sequence[Use], inventory: Inventory) -> tuple[str, ...]:
    by_file = {use.source: use for use in reversed(uses)}
    return tuple(f"{inventory.paths[use.source]}:{use.line}  {use.reached}" for use in [*by_file.values()][::-1])
