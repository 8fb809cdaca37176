"""Manifests against what is there: what is declared and missing, and what is there and not declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps

from infra.boundaries.discovery import FILE, circle_in
from infra.boundaries.findings import Finding, in_order
from infra.boundaries.generation import inventory, rules
from infra.boundaries.generation.house import House
from infra.boundaries.generation.inventory import Thing
from infra.boundaries.manifest import Manifest
from infra.boundaries.rules import Rule
from infra.contracts.declaration import declared_contracts


@dataclass(frozen=True, slots=True)
class _Pair:
    """One field of a manifest, and the rules for both ways in which it can be wrong."""

    field: str
    what: str
    missing: Rule
    undeclared: Rule


_CONTRACTS = _Pair("offers", "contract", rules.MISSING_CONTRACT, rules.UNDECLARED_CONTRACT)
_EVENTS = _Pair("publishes", "event", rules.MISSING_EVENT, rules.UNDECLARED_EVENT)
_HEARD = _Pair("hears", "handler of", rules.MISSING_SUBSCRIPTION, rules.UNDECLARED_SUBSCRIPTION)
_TASKS = _Pair("tasks", "periodic task", rules.MISSING_TASK, rules.UNDECLARED_TASK)
_TABLES = _Pair("tables", "table", rules.MISSING_TABLE, rules.UNDECLARED_TABLE)


def check(manifests: Sequence[Manifest], house: House) -> list[Finding]:
    """Return what the manifests say wrongly about the loaded project.

    Of a module whose internals this process does not hold, only its contracts and events are looked at.
    """
    found = list(_circle(manifests, house))
    for manifest in manifests:
        package = f"{house.modules}.{manifest.name}"
        found += _compared(_CONTRACTS, manifest, inventory.contracts(package, house), house)
        found += _compared(_EVENTS, manifest, inventory.events(package, house), house)
        if any(config.name == package for config in apps.get_app_configs()):
            found += _compared(_HEARD, manifest, inventory.subscriptions(manifest.name, house), house)
            found += _compared(_TASKS, manifest, inventory.tasks(manifest.name, package, house), house)
            found += _compared(_TABLES, manifest, inventory.tables(manifest.name, house), house)
            found += _addresses(manifest, list(inventory.addresses(package, house)), house)
            found += _questions(manifest, house)
    return in_order(found)


def _compared(pair: _Pair, manifest: Manifest, things: Iterable[Thing], house: House) -> Iterator[Finding]:
    there = {thing.name: thing for thing in things}
    said = getattr(manifest, pair.field)
    for name in said:
        if name not in there:
            detail = f"The manifest of {manifest.name} names {name} in `{pair.field}`; there is no such {pair.what}."
            if pair is _HEARD:
                detail = f"{manifest.name} declares to hear {name}, and no function of it is subscribed to that."
            yield _in_manifest(pair.missing, manifest, name, detail, house)
    for name, thing in there.items():
        if name not in said:
            yield Finding(
                rule=pair.undeclared,
                module=manifest.name,
                source=thing.source,
                target=name,
                detail=f"There is the {pair.what} {name}; `{pair.field}` in the manifest of {manifest.name} does not name it.",
                path=thing.path,
                line=thing.line,
            )


def _addresses(manifest: Manifest, things: Sequence[Thing], house: House) -> Iterator[Finding]:
    for prefix in manifest.url_prefixes:
        if not any(_is_below(thing.name, prefix) for thing in things):
            detail = f"The manifest of {manifest.name} claims {prefix}, and no view of the module answers there."
            # A module without any view has the default prefix and promises nothing by it.
            if things or prefix != f"/api/v1/{manifest.name}/":
                yield _in_manifest(rules.MISSING_ADDRESS, manifest, prefix, detail, house)
    for thing in things:
        if not any(_is_below(thing.name, prefix) for prefix in manifest.url_prefixes):
            yield Finding(
                rule=rules.UNDECLARED_ADDRESS,
                module=manifest.name,
                source=thing.source,
                target=thing.name,
                detail=f"{thing.name} is below none of {', '.join(manifest.url_prefixes)}.",
                path=thing.path,
                line=thing.line,
            )


def _questions(manifest: Manifest, house: House) -> Iterator[Finding]:
    if not manifest.asks:
        return
    places = {contract.wire_name: contract.protocol.__module__ for contract in declared_contracts()}
    imported = inventory.imported(f"{house.modules}.{manifest.name}", house)
    for name in manifest.asks:
        place = places.get(name)
        if place and not any(other == place or other.startswith(f"{place}.") for other in imported):
            detail = f"No file of {manifest.name} imports {place}, so nothing in it asks {name}."
            yield _in_manifest(rules.UNUSED_QUESTION, manifest, name, detail, house)


def _circle(manifests: Sequence[Manifest], house: House) -> Iterator[Finding]:
    by_name = {manifest.name: manifest for manifest in manifests}
    if circle := circle_in({manifest.name: manifest.asked_modules for manifest in manifests}):
        closing = by_name[circle[-2]]
        asked = next(name for name in closing.asks if name.partition(".")[0] == circle[-1])
        yield _in_manifest(rules.CIRCLE, closing, asked, f"They ask in a circle: {' -> '.join(circle)}.", house)


def _is_below(address: str, prefix: str) -> bool:
    # A prefix that ends with a slash stands for the path without it, too.
    return address == prefix or (prefix.endswith("/") and (address.startswith(prefix) or address == prefix[:-1]))


def _in_manifest(rule: Rule, manifest: Manifest, name: str, detail: str, house: House) -> Finding:
    file = house.folder / manifest.name / FILE
    return Finding(
        rule=rule,
        module=manifest.name,
        source=f"{house.modules}.{manifest.name}.manifest",
        target=name,
        detail=detail,
        path=file.relative_to(house.root).as_posix(),
        line=_line_of(name, file.read_text(encoding="utf-8") if file.is_file() else ""),
    )


def _line_of(name: str, text: str) -> int:
    """Return the line that names something, 0 where it follows from something else."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if f'"{name}"' in line), 0)
