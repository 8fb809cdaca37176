"""The plan for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from infra.boundaries.readiness import Todo, as_json
from infra.extraction.planning.model import Plan

VERSION = 1  # of this form; members are added, never renamed


def document(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain values."""
    return {
        "version": VERSION,
        "module": plan.module,
        "phase": plan.phase,
        "go": plan.go,
        "verdict": plan.verdict,
        "todo": todo_members(plan.todo),
        "address": plan.address,
        "tables": [asdict(table) for table in plan.tables],
        "refusedTables": [refused.why for refused in plan.refused],
        "sequences": list(plan.sequences),
        "missing": plan.missing,
        "sizeBytes": plan.size_bytes,
        "copySeconds": plan.copy_seconds,
        "speed": asdict(plan.speed) if plan.speed else None,
        "writing": asdict(plan.writing) if plan.writing else None,
        "monolith": asdict(plan.monolith) if plan.monolith else None,
        "service": asdict(plan.service) if plan.service else None,
        "serviceMissing": plan.service_missing,
        "connectionsNeeded": plan.connections_needed,
        "diskNeeded": plan.disk_needed,
        "diskFree": plan.disk_free,
        "askers": [asdict(asker) for asker in plan.askers],
        "asks": list(plan.asks),
        "offers": list(plan.offers),
        "publishes": list(plan.publishes),
        "hears": list(plan.hears),
        "tasks": [{"name": name, "everySeconds": period} for name, period in plan.tasks],
        "queues": list(plan.queues),
        "prefixes": list(plan.prefixes),
        "noticed": list(plan.noticed),
        "phases": [asdict(phase) for phase in plan.phases],
        "readiness": as_json.document(plan.ready),
    }


def todo_members(todo: Any) -> list[dict[str, Any]]:
    """Return what is to do, ranked."""
    every: list[Todo] = list(todo)
    return [
        {"rank": rank, "weight": each.weight.name.lower(), "what": each.what, "where": each.where}
        for rank, each in enumerate(every, start=1)
    ]
