"""Finding the modules of a project by their manifests, and what all manifests together must fulfil."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from infra.boundaries.manifest import Manifest, ManifestError

FILE = "manifest.py"


def manifests_in(package: str) -> tuple[Manifest, ...]:
    """Return the manifests of a package's modules, sorted by name: each subpackage with a `manifest.py` is one.

    Raises:
        ManifestError: one is missing, malformed, or contradicts another.
    """
    folders = [Path(folder) for folder in import_module(package).__path__]
    found = []
    for folder in sorted(child for parent in folders for child in parent.iterdir() if (child / FILE).is_file()):
        manifest = getattr(import_module(f"{package}.{folder.name}.manifest"), "manifest", None)
        if not isinstance(manifest, Manifest):
            raise ManifestError(f"{folder / FILE} has no `manifest = Manifest(...)`.")
        if manifest.name != folder.name:
            raise ManifestError(f"{folder / FILE} calls its module {manifest.name!r}; the folder is {folder.name!r}.")
        found.append(manifest)
    refuse_contradictions(found)
    return tuple(found)


def holds_internals(package: str, name: str) -> bool:
    """Return whether this build can run a module itself, rather than only ask and hear it."""
    return find_spec(f"{package}.{name}.apps") is not None


def refuse_contradictions(manifests: Sequence[Manifest]) -> None:
    """Raise ManifestError where manifests claim the same thing, ask or hear what nobody offers, or ask in a circle."""
    for field, what in (("schema", "schema"), ("tables", "table"), ("queues", "queue"), ("url_prefixes", "prefix")):
        _refuse_shared(manifests, field, what)
    offered = {name for manifest in manifests for name in manifest.offers}
    published = {name for manifest in manifests for name in manifest.publishes}
    for manifest in manifests:
        for name in manifest.asks:
            if name not in offered:
                raise ManifestError(f"{manifest.name} asks {name}, which no module offers.")
        for name in manifest.hears:
            if name not in published:
                raise ManifestError(f"{manifest.name} hears {name}, which no module publishes.")
    if circle := circle_in({manifest.name: manifest.asked_modules for manifest in manifests}):
        raise ManifestError(
            f"Modules ask in a circle: {' -> '.join(circle)}. Turn one of these questions into an event that the other hears,"
            " or move what both need into a module that neither asks."
        )


def callers_by_contract(manifests: Iterable[Manifest], *, everywhere: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return who may ask each contract, by wire name: those that declare it, and `everywhere`."""
    manifests = tuple(manifests)
    return {
        contract: (*(asker.name for asker in manifests if contract in asker.asks), *everywhere)
        for manifest in manifests
        for contract in manifest.offers
    }


def consumers_by_event(manifests: Iterable[Manifest]) -> dict[str, tuple[str, ...]]:
    """Return the modules that hear each event, by wire name, wherever they live."""
    manifests = tuple(manifests)
    return {
        event: tuple(hearer.name for hearer in manifests if event in hearer.hears)
        for manifest in manifests
        for event in manifest.publishes
    }


def circle_in(arrows: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the nodes of one circle in a graph, the first one again at the end; empty where there is none."""
    finished: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in finished:
            return []
        for following in sorted(arrows.get(node, ())):
            if circle := walk(following, [*path, node]):
                return circle
        finished.add(node)
        return []

    return next((circle for node in sorted(arrows) if (circle := walk(node, []))), [])


def _refuse_shared(manifests: Sequence[Manifest], field: str, what: str) -> None:
    holders: dict[str, str] = {}
    for manifest in manifests:
        values = getattr(manifest, field)
        for value in (values,) if isinstance(values, str) else values:
            if value in holders:
                raise ManifestError(f"{holders[value]} and {manifest.name} both claim the {what} {value!r}.")
            holders[value] = manifest.name
