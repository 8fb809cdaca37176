"""A first mapping of apps to modules: by folder, then by who uses whom. A start to be corrected by those who know the domain."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from infra.boundaries.adoption.inventory import Inventory, is_template
from infra.boundaries.adoption.mapping import ModuleMap
from infra.boundaries.adoption.uses import Use, is_migration

# What starts or configures a site knows all of it.
_ENTRIES = frozenset(
    {"settings", "conf", "config", "configuration", "defaults", "urls", "wsgi", "asgi", "celery", "celery_app"}
    | {"management", "manage", "__main__", "runner"}
)
_PLUMBING_SHARE = 0.5  # an app without rows that at least half of the others use is plumbing
_PLUMBING_RETURN = 0.25  # ... unless it uses too many of them in turn
_TIE = 0.5  # two apps are one module when half of all that the smaller one uses, or is used for, is the other,
_LIFT = 2.0  # ... and that is twice what chance would give: everybody has many ties to a hub,
_RETURN = 0.25  # ... and a good part of these ties goes each way: who shows something is not one with it
_LEANING = 2  # what is no app and uses apps more than twice as much as they use it stands above them
_FRONT = 0.5  # who uses at least half of all apps shows or ties together; nobody is one with it
_MODULES_AT_LEAST = 3  # merging stops before nothing is left to see


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A mapping, and in sentences why it is so."""

    modules: ModuleMap
    reasons: Mapping[str, str]  # by prefix, where it is not simply a module of its own
    notes: tuple[str, ...] = ()


def proposed(inventory: Inventory, uses: Sequence[Use]) -> Proposal:
    """Return a mapping of every file: apps by outermost folder, plumbing and entries apart, inseparable apps together."""
    units, root = _units(inventory)
    weights = _weights(uses, units)
    models = {app.name: set(app.models.values()) for app in inventory.apps}
    reasons: dict[str, str] = {}
    shared, above = _around(units, weights, uses, models, reasons)
    apps = [unit for unit, is_app in units.items() if is_app and unit not in shared and unit not in above]
    if root:
        reasons[root] = f"what belongs to the app {root} itself and not to one of the apps below it"
    groups = _grouped(apps, weights, reasons)
    names = _names(groups, weights)
    notes = []
    if len(groups) < _MODULES_AT_LEAST:
        notes.append(
            f"Only {len(groups)} of its apps can be told apart by folder. Split the largest by hand: any dotted prefix may be"
            ' listed, down to one file ("shop.core.invoices").'
        )
    return Proposal(
        modules=ModuleMap(
            modules={name: tuple(sorted(group)) for name, group in sorted(zip(names, groups, strict=True))},
            shared=tuple(sorted(shared)),
            above=tuple(sorted(above)),
            skip=_tests_outside(inventory, apps),
        ),
        reasons={
            **{name: reasons[group[0]] for name, group in zip(names, groups, strict=True) if group[0] in reasons},
            **reasons,
        },
        notes=tuple(notes),
    )


def _units(inventory: Inventory) -> tuple[dict[str, bool], str]:
    """Return what may become a module: outermost apps, and what lies beside them; and the app around all, if there is one."""
    apps = [app.name for app in inventory.apps]
    around = {
        app for app in apps if sum(other.startswith(f"{app}.") for other in apps) * 2 >= len(apps) - 1 and len(apps) > 2
    }
    outermost = [
        app
        for app in apps
        if app not in around and not any(app.startswith(f"{other}.") for other in apps if other not in around)
    ]
    root = next((app for app in sorted(around) if inventory.has_history(app)), "")
    units = dict.fromkeys(outermost, True)
    containers = {
        ".".join(parts[:end]) for app in outermost if (parts := app.split(".")) for end in range(1, len(parts))
    }
    for name in sorted(inventory.facts.keys() - inventory.tests):
        if is_migration(name) or _within(name, outermost):
            continue
        if root and _within(name, [root]):
            units[root] = True
            continue
        parts = name.split(".")
        # The first folder or file below the folders that hold apps.
        end = next(
            end for end in range(1, len(parts) + 1) if end == len(parts) or ".".join(parts[:end]) not in containers
        )
        units[".".join(parts[:end])] = False
    return units, root


def _tests_outside(inventory: Inventory, apps: Iterable[str]) -> tuple[str, ...]:
    """Return the outermost test folders that are in no module; those in modules are left out anyway."""
    outside = sorted(name for name in inventory.tests if is_template(name) or not _within(name, apps))
    return tuple(name for place, name in enumerate(outside) if not _within(name, outside[:place]))


def _within(name: str, units: Iterable[str]) -> bool:
    return any(name == unit or name.startswith(f"{unit}.") for unit in units)


def _unit_of(name: str, units: Mapping[str, bool]) -> str:
    parts = name.split(".")
    return next((unit for end in range(len(parts), 0, -1) if (unit := ".".join(parts[:end])) in units), "")


def _weights(uses: Iterable[Use], units: Mapping[str, bool]) -> Counter[tuple[str, str]]:
    """Count, between units, the pairs of a file and what it uses: ten uses of one model in one file are one tie."""
    ties = {(use.source, use.reached) for use in uses}
    counted: Counter[tuple[str, str]] = Counter()
    for source, reached in ties:
        pair = (_unit_of(source, units), _unit_of(reached, units))
        if all(pair) and pair[0] != pair[1]:
            counted[pair] += 1
    return counted


def _around(
    units: Mapping[str, bool],
    weights: Mapping[tuple[str, str], int],
    uses: Iterable[Use],
    models: Mapping[str, set[str]],
    reasons: dict[str, str],
) -> tuple[set[str], set[str]]:
    """Return which units are plumbing, and which stand above all modules."""
    users: dict[str, set[str]] = defaultdict(set)
    used: dict[str, set[str]] = defaultdict(set)
    for source, target in weights:
        users[target].add(source)
        used[source].add(target)
    all_models = set().union(*models.values()) if models else set()
    with_used_rows = {
        target
        for use in uses
        if use.target in all_models and (target := _unit_of(use.target, units)) != _unit_of(use.source, units)
    }
    apps = {unit for unit, is_app in units.items() if is_app}
    shared, above = set(), set()
    for unit in units:
        is_entry = unit.rpartition(".")[2].strip("_") in _ENTRIES or unit.endswith("_settings")
        # A file of Celery that apps import, and that knows none of them, is plumbing by whatever name.
        is_used_only = bool(users[unit] & apps) and not used[unit] & apps
        if unit not in apps and ((is_entry and not is_used_only) or _leans(unit, apps, weights)):
            above.add(unit)
            reasons[unit] = "starts, configures or demonstrates the site"
        elif unit not in apps:
            # A folder around apps stands for its own __init__.py, and for files that come later.
            shared.add(unit)
            reasons[unit] = "no app: beside the apps, and used by them"
        elif (
            unit not in with_used_rows
            and len(users[unit] & apps) >= _PLUMBING_SHARE * len(apps)
            and len(used[unit] & apps) <= _PLUMBING_RETURN * len(users[unit] & apps)
        ):
            shared.add(unit)
            reasons[unit] = f"{len(users[unit] & apps)} of {len(apps)} apps use it, and none uses its rows"
    return shared, above


def _leans(unit: str, apps: set[str], weights: Mapping[tuple[str, str], int]) -> bool:
    """Return whether a unit uses apps much more than they use it: then it stands above them, not below."""
    down = sum(weight for (source, target), weight in weights.items() if source == unit and target in apps)
    up = sum(weight for (source, target), weight in weights.items() if target == unit and source in apps)
    return down > _LEANING * up


def _grouped(
    apps: Sequence[str], weights: Mapping[tuple[str, str], int], reasons: dict[str, str]
) -> list[tuple[str, ...]]:
    """Join an app to the one that it can hardly be told apart from.

    That is where joining raises the modularity of the graph (Newman): more ties than chance would give two apps that
    have so many. Joined for as long as it rises, a shop ends as three or four lumps; so an app only joins one other, and
    only when a large part of all its ties goes there and comes from there.
    """
    between: Counter[tuple[str, str]] = Counter()
    degree: Counter[str] = Counter()
    reaches = Counter(source for source, target in weights if source in apps and target in apps)
    fronts = {app for app in apps if reaches[app] >= _FRONT * len(apps)}
    for (source, target), weight in weights.items():
        if source in apps and target in apps:
            for one, other in ((source, target), (target, source)):
                between[one, other] += weight
                degree[one] += weight
    twice_all = sum(degree.values())
    groups: dict[str, list[str]] = {app: [app] for app in apps}
    for app in sorted(apps, key=lambda each: (degree[each], each)):
        partners = {
            other: weight
            for (one, other), weight in between.items()
            if one == app
            and other not in fronts
            and weight >= max(_TIE * degree[app], _LIFT * degree[app] * degree[other] / twice_all)
            and min(weights.get((app, other), 0), weights.get((other, app), 0)) >= _RETURN * weight
            and degree[other] >= degree[app]
        }
        host = max(partners, key=lambda other: (partners[other], other), default="")
        if host in groups and len(groups[app]) == 1 and len(groups) > _MODULES_AT_LEAST:
            groups[host] += groups.pop(app)
            reasons[app] = f"{between[app, host]} of its {degree[app]} ties are with {_short(host)}, both ways"
    return sorted(tuple(sorted(group)) for group in groups.values())


def _short(app: str) -> str:
    return app.rpartition(".")[2]


def _names(groups: Sequence[tuple[str, ...]], weights: Mapping[tuple[str, str], int]) -> list[str]:
    """Name each group after the app in it that others use most; by as much of its dotted name as tells it apart."""
    busiest = [
        max(group, key=lambda app: (sum(weight for (_, target), weight in weights.items() if target == app), app))
        for group in groups
    ]
    return [
        next(
            name
            for length in range(1, len(parts) + 1)
            if (name := "_".join(parts[-length:])) and [_ending(other, length) for other in busiest].count(name) == 1
        )
        for app in busiest
        if (parts := app.split("."))
    ]


def _ending(app: str, length: int) -> str:
    return "_".join(app.split(".")[-length:])


def written(proposal: Proposal) -> str:
    """Return a proposal as the file that a mapping is read from, with its reasons."""
    modules = proposal.modules
    lines = [
        "# Which app belongs to which module. A proposal: correct it, you know the domain.",
        "#",
        "# How it was made: every outermost app is a module, with all that is in its folder. An app whose ties go mostly to one",
        "# other app, both ways, joined it. An app that half of the others use, and whose rows nobody uses, is plumbing. What is",
        "# no app is plumbing if apps use it, and stands above if it uses them much more. A prefix may be any dotted name,",
        "# down to one file; of several that fit, the longest decides.",
        *(f"#\n# {note}" for note in proposal.notes),
        "",
        "[modules]",
        *(line for name, prefixes in modules.modules.items() for line in _entry(name, prefixes, proposal.reasons)),
        "",
        "[public]",
        "# What others may use of a module: files that hold what it offers, and nothing else. None is, as long as none is named.",
        *(f'# {name} = ["{prefixes[0]}.api"]' for name, prefixes in [*modules.modules.items()][:1]),
        "",
        "[around]",
        "# shared: plumbing that every module may use and that should use none. above: settings, root URLs, scripts.",
        "# skip: not looked at.",
        *(
            line
            for name in ("shared", "above", "skip")
            for line in _entry(name, getattr(modules, name), proposal.reasons)
        ),
    ]
    return "\n".join(lines) + "\n"


def _entry(name: str, prefixes: Sequence[str], reasons: Mapping[str, str]) -> list[str]:
    if len(prefixes) == 1:
        reason = reasons.get(prefixes[0], "")
        return [f'{name} = ["{prefixes[0]}"]' + (f"  # {reason}" if reason else "")]
    told = [f'    "{prefix}",' + (f"  # {reasons[prefix]}" if prefix in reasons else "") for prefix in prefixes]
    return [f"{name} = [", *told, "]"] if told else [f"{name} = []"]
