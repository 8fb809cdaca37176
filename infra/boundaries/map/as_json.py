"""The map as JSON, for scripts and pages."""

from __future__ import annotations

import json
from typing import Any

from infra.boundaries.manifest import Manifest
from infra.boundaries.map.model import Arrow, Map


def written(shop: Map) -> str:
    """Return it as one document; keys are never removed or renamed, some may be added."""
    document = {
        "version": 1,
        "observed": shop.is_observed,
        "modules": [_module(module) for module in shop.modules],
        "outside": list(shop.outside),
        "arrows": [_arrow(arrow) for arrow in shop.arrows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _module(module: Manifest) -> dict[str, Any]:
    return {
        "name": module.name,
        "owner": module.owner,
        "purpose": module.purpose,
        "schema": module.schema,
        "offers": list(module.offers),
        "publishes": list(module.publishes),
        "tables": list(module.tables),
        "tasks": list(module.tasks),
        "queues": list(module.queues),
        "urlPrefixes": list(module.url_prefixes),
    }


def _arrow(arrow: Arrow) -> dict[str, Any]:
    return {
        "kind": arrow.kind,
        "from": arrow.source,
        "to": arrow.target,
        "name": arrow.name,
        "declared": arrow.is_declared,
        "count": arrow.count,
        "meanMs": None if arrow.mean_ms is None else round(arrow.mean_ms, 3),
        "errors": arrow.errors,
        "mark": arrow.mark or None,
    }
