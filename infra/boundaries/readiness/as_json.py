"""Readiness for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from infra.boundaries.readiness.model import Readiness

VERSION = 1  # of this form; members are added, never renamed


def written(ready: Readiness) -> str:
    """Return the report as one JSON object."""
    return json.dumps(document(ready), indent=2, ensure_ascii=False, default=str)


def document(ready: Readiness) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "version": VERSION,
        "module": ready.manifest.name,
        "owner": ready.manifest.owner,
        "go": ready.go,
        "verdict": ready.verdict,
        "todo": [
            {"rank": rank, "weight": todo.weight.name.lower(), "what": todo.what, "where": todo.where}
            for rank, todo in enumerate(ready.todo, start=1)
        ],
        "layers": [
            {
                "layer": run.layer.value,
                "leaks": sum(finding.rule.layer is run.layer for finding in ready.leaks),
                "missed": run.missed,
            }
            for run in ready.runs
        ],
        "leaks": [
            {"rule": finding.rule.id, "module": finding.module, "where": finding.where, "detail": finding.detail}
            for finding in ready.leaks
        ],
        "watched": not ready.not_watched,
        "questionsIn": [asdict(arrow) for arrow in ready.questions_in],
        "questionsOut": [asdict(arrow) for arrow in ready.questions_out],
        "ways": [asdict(way) for way in ready.ways],
        "stock": asdict(ready.stock) | {"size_bytes": ready.stock.size_bytes},
        "published": [asdict(event) for event in ready.published],
        "unheard": list(ready.unheard),
        "heard": [asdict(event) for event in ready.heard],
        "tasks": [{"name": name, "everySeconds": period} for name, period in ready.tasks],
        "uses": [asdict(use) for use in ready.uses],
    }
