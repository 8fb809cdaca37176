"""The contracts of import-linter: the house's layers, each module's inside, and what each manifest allows to import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.boundaries.generation import toml
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest

# A composition root mounts a module's HTTP, starts its app and has its settings; what it asks, it asks by contract like all.
SEEN_FROM_ABOVE = frozenset({"apps", "http", "contract", "events", "settings", "manifest"})

LAYERS = "Imports point down"
DOORS = "Modules meet only at contract.py and events.py"
INSIDE = "Inside a module there is one way in"
PLAIN = "Contracts and events are plain Python"
ABOVE = "What stands above the modules meets them at their doors, too"


def declared(module: str) -> str:
    """Return the name of the contract that holds a module to its manifest."""
    return f"{module} imports only what its manifest asks and hears"


def written(manifests: Sequence[Manifest], house: House) -> Iterator[str]:
    """Yield the lines of the file."""
    yield from toml.table(
        "tool.importlinter",
        {"root_packages": [*house.above, house.modules, *house.below], "include_external_packages": True},
    )
    yield from _contract(
        LAYERS,
        "layers",
        layers=[layer for layer in (" : ".join(house.above), house.modules, " : ".join(house.below)) if layer],
        guidance=(
            f"What {' and '.join(house.below)} must know of a module it is told: a setting, a parameter, a registration."
            " What a module needs from above it gets the same way."
        ),
    )
    yield from _contract(
        DOORS,
        "independence",
        modules=[f"{house.modules}.*"],
        ignore_imports=[
            f"{house.modules}.** -> {house.modules}.{manifest.name}.{door}"
            for manifest in manifests
            for door, is_there in (("contract", manifest.offers), ("events", manifest.publishes))
            if is_there
        ],
        unmatched_ignore_imports_alerting="none",
        guidance=(
            "Another module's internals change without notice, and are not there once it has moved to a process of its own."
            " Ask its contract, or hear its events. If it offers neither, agree with its owner (manifest.py) on one."
        ),
    )
    for manifest in manifests:
        yield from _declared(manifest, manifests, house)
    yield from _contract(
        INSIDE,
        "layers",
        containers=[f"{house.modules}.*"],
        layers=house.inside,
        exhaustive=True,
        exhaustive_ignores=house.inside_ignored,
        guidance=(
            "Ways in (http, handlers, tasks...) use use_cases and queries, those use models and gateways; never upwards or"
            " sideways. A file under none of these names belongs into the folder of what it does."
        ),
    )
    yield from _contract(
        PLAIN,
        "forbidden",
        source_modules=[*(f"{house.modules}.*.{name}" for name in ("manifest", "contract", "events")), *house.plain],
        forbidden_modules=house.frameworks,
        guidance="They are read by processes that have no Django. Move what needs it behind the contract: service.py.",
    )
    if hidden := [name for layer in house.inside for name in _names(layer) if name not in SEEN_FROM_ABOVE]:
        yield from _contract(
            ABOVE,
            "forbidden",
            source_modules=house.above,
            forbidden_modules=[f"{house.modules}.*.{name}" for name in hidden],
            allow_indirect_imports=True,
            guidance="Ask the module's contract: resolve(...Contract). Then it works wherever the module lives.",
        )


def _declared(manifest: Manifest, manifests: Sequence[Manifest], house: House) -> Iterator[str]:
    heard = {name.partition(".")[0] for name in manifest.hears}
    closed = [
        f"{house.modules}.{other.name}.{door}"
        for other in manifests
        if other.name != manifest.name
        for door, is_there, is_allowed in (
            ("contract", other.offers, other.name in manifest.asked_modules),
            ("events", other.publishes, other.name in heard),
        )
        if is_there and not is_allowed
    ]
    if closed:
        yield from _contract(
            declared(manifest.name),
            "forbidden",
            source_modules=[f"{house.modules}.{manifest.name}"],
            forbidden_modules=closed,
            allow_indirect_imports=True,
            guidance=(
                f"{manifest.name} asks {_listed(manifest.asks)} and hears {_listed(manifest.hears)}. A new dependency is"
                f" decided, not slipped in: add the wire name to `asks` or `hears` in"
                f" {house.modules.replace('.', '/')}/{manifest.name}/manifest.py, then type: manage.py modules generate"
            ),
        )


def _contract(name: str, kind: str, *, guidance: str, **values: toml.Value) -> Iterator[str]:
    yield ""
    yield from toml.table(
        "tool.importlinter.contracts",
        {"name": name, "type": kind, **values, "broken_contract_guidance": guidance},
        repeated=True,
    )


def _names(layer: str) -> list[str]:
    return [name.strip("() ") for name in layer.split("|")]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
