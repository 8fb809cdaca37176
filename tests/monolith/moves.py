"""Modules on the move, as the record and the carrier would tell of them: planted, for the pages that show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.utils import timezone

from infra.extraction.move.detached import EVERY, carries
from infra.extraction.move.turns import turn
from infra.extraction.record.changing import change, read
from infra.extraction.record.models import Progress, Request, ShadowDifference
from infra.extraction.record.values import Phase, Where

ADDRESS = "http://127.0.0.1:1"  # nobody answers there
WHO = "anna@shop.example"
COPIED: Mapping[str, Any] = {
    "tables": [
        {"table": "payments_payment", "copied": 120_000, "expected": 120_000, "complete": True},
        {"table": "payments_ledgerentry", "copied": 81_250, "expected": 250_000, "complete": False},
        {"table": "payments_posting", "copied": 0, "expected": 500_000, "complete": False},
    ],
    "rows_per_second": 21_430.4,
    "seconds_left": 31.2,
    "waiting": 12,
    "lag_ms": {"p50": 3.2, "p99": 41.7},
}
COMPLETE: Mapping[str, Any] = {
    **COPIED,
    "tables": [{**table, "copied": table["expected"], "complete": True} for table in COPIED["tables"]],
    "rows_per_second": 0.0,
    "seconds_left": 0.0,
    "waiting": 0,
    "comparison": {"at": "2026-11-20T10:11:12+00:00", "rows": 870_000, "ranges": 12, "skipped": 75, "differences": []},
}
DIFFERING: Mapping[str, Any] = {
    **COMPLETE,
    "comparison": {
        **COMPLETE["comparison"],
        "differences": [{"table": "payments_posting", "key": "(4711)", "fault": "missing"}],
    },
}


def carrier_notes(module: str, facts: Mapping[str, Any], *, ago: float = 0.0) -> None:
    """Note what a carrier saw `ago` seconds before now."""
    at = timezone.now() - timedelta(seconds=ago)
    Progress.objects.update_or_create(module=module, defaults={"at": at, "facts": facts})


@contextmanager
def living_carrier() -> Iterator[None]:
    """Within the block a carrier of all modules lives, as far as others can see."""
    with turn(carries(EVERY), by="carrier of the tests", wait_seconds=10.0):
        yield


def step(module: str, why: str, **fields: Any) -> Where:
    return change(read(module), who=WHO, why=why, **fields)


def moved_to(module: str, phase: Phase, **facts: Any) -> Where:
    """Bring the module to a phase by the changes that lead there; a carrier has noted `facts`."""
    where = read(module)
    if phase != Phase.IN_PROCESS:
        where = step(
            module, "the service answers", phase=Phase.SHARED_DATABASE, addresses={"service": ADDRESS}, shares={}
        )
        where = step(module, "try it", shares={"reads": 25, "writes": 10, "shadow": 5})
    if phase in (Phase.DUAL_WRITE, Phase.SWITCHED, Phase.SPLIT):
        where = step(module, "the copy begins", phase=Phase.DUAL_WRITE)
    if phase in (Phase.SWITCHED, Phase.SPLIT):
        step(module, "switch", hold=True)
        where = step(
            module, "switch", phase=Phase.SWITCHED, hold=False, epoch=where.epoch + 1, database="service", shares={}
        )
    if phase == Phase.SPLIT:
        where = step(module, "a month without a difference", phase=Phase.SPLIT)
    carrier_notes(module, facts.get("facts", {}))
    return where


def request(module: str, verb: str, state: str, *said: str) -> Request:
    return Request.objects.create(
        module=module,
        verb=verb,
        who=WHO,
        state=state,
        asked_at=timezone.now(),
        said=list(said),
        options={"why": "it is time"},
    )


def shadow_difference(module: str, path: str, expected: str, got: str) -> None:
    ShadowDifference.objects.create(module=module, at=timezone.now(), path=path, expected=expected, got=got)
