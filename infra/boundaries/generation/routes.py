"""What runs where: queues for who starts workers, addresses for who runs a proxy, callers for who runs services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.boundaries.discovery import callers_by_contract
from infra.boundaries.generation import toml
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest


def queues(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Yield the lines of celery.toml: which queues a worker must serve, and what comes through each."""
    yield "# A worker serves the queues that it is told (celery worker --queues a,b), else all. Each needs one worker."
    for manifest in manifests:
        yield ""
        yield from toml.table(
            f"queues.{manifest.name}",
            {"names": manifest.queues, "events": manifest.hears, "periodic_tasks": qualified_tasks(manifest)},
        )
    yield ""
    yield "# Where each event goes: to the first queue of every module that hears it."
    yield from toml.table(
        "routes",
        {
            event: [hearer.queues[0] for hearer in manifests if event in hearer.hears]
            for publisher in manifests
            for event in publisher.publishes
        },
    )


def access(manifests: Sequence[Manifest], house: House) -> Iterator[str]:
    """Yield the lines of access.toml: who may ask each contract, and which addresses belong to each module."""
    yield "# Who may ask each contract: what a service that answers it must let in, and nobody else."
    yield from toml.table("callers", callers_by_contract(manifests, everywhere=house.above))
    yield ""
    yield "# What to send where at the edge, once a module is a service: all below a path with a slash at its end, or one path."
    yield from toml.table("addresses", {manifest.name: manifest.url_prefixes for manifest in manifests})


def qualified_tasks(manifest: Manifest) -> list[str]:
    """Return the names of its periodic tasks as they are registered."""
    return [f"{manifest.name}.{task}" for task in manifest.tasks]
