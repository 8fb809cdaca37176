"""What a process says of the module that it serves, for those who move it to compare both sides."""

from __future__ import annotations

from typing import Any

from django.db.migrations.loader import MigrationLoader

from infra.boundaries.manifest import Manifest
from infra.compatibility.descriptions import contract_hash


def facts_of(manifest: Manifest) -> dict[str, Any]:
    """Return what this process's code makes of a module: equal on both sides, they may share traffic and tables."""
    return {
        "module": manifest.name,
        "contracts": {name: contract_hash(name) for name in manifest.offers},
        "events": {name: contract_hash(name) for name in manifest.publishes},
        "schemaVersion": schema_version(manifest.name),
    }


def schema_version(module: str) -> str:
    """Return the name of the last migration that this code has of a module; "" for one without tables."""
    leaves = MigrationLoader(None).graph.leaf_nodes(module)
    return leaves[0][1] if leaves else ""
