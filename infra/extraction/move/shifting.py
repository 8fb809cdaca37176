"""How much of a module's traffic its service answers."""

from __future__ import annotations

from typing import Any

from infra.extraction.move.errors import MoveRefused
from infra.extraction.record.changing import RecordMoved, change, read
from infra.extraction.record.models import Progress
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where

KINDS = ("reads", "writes", "shadow")


def shift(
    module: str,
    *,
    who: str,
    why: str,
    reads: int | None = None,
    writes: int | None = None,
    shadow: int | None = None,
    database: str | None = None,
) -> Where:
    """Set how many per cent of a kind of traffic go to the service; what is None stays. The same again changes nothing.

    Args:
        shadow: reads that are asked of both, and compared.
        database: whose tables the service reads while the monolith's are the truth: "monolith", or "service", its own copy,
            which is some milliseconds behind.

    Raises:
        MoveRefused: not in this phase, or not together; nothing was changed.
    """
    where = read(module)
    asked = {kind: value for kind, value in zip(KINDS, (reads, writes, shadow), strict=True) if value is not None}
    shares = {**where.shares, **asked}
    wanted = database or where.database
    if reasons := tuple(_reasons(where, asked, shares, wanted)):
        raise MoveRefused.of(reasons)
    fields: dict[str, Any] = {}
    if shares != dict(where.shares):
        fields["shares"] = shares
    if wanted != where.database:
        fields["database"] = wanted
    if not fields:
        return where
    try:
        return change(where, who=who, why=why, **fields)
    except RecordMoved as error:
        raise MoveRefused(str(error)) from error


def _reasons(where: Where, asked: dict[str, int], shares: dict[str, int], database: str) -> list[str]:
    reasons = [
        f"{kind} is {value}; write per cent from 0 to 100." for kind, value in asked.items() if not 0 <= value <= 100
    ]
    if where.phase not in (Phase.SHARED_DATABASE, Phase.DUAL_WRITE, Phase.SWITCHED):
        reasons.append(
            f"{where.module} is {where.phase}: there is nothing to shift. Before: manage.py extract {where.module} start"
        )
    if where.phase == Phase.SWITCHED and (asked.keys() & {"reads", "writes"} or database != SERVICE):
        reasons.append(
            f"The service's tables of {where.module} are the truth, so it answers everything. Back: manage.py extract"
            f" {where.module} reverse"
        )
    if where.hold:
        reasons.append(f"{where.module} is held for a switch. Repeat this in a second.")
    if database not in (MONOLITH, SERVICE):
        reasons.append(f"There is no database {database!r}; write monolith or service.")
    if where.phase != Phase.SWITCHED and database == SERVICE:
        if shares.get("writes"):
            reasons.append("With its own copy the service can't write: set writes to 0, or the database to monolith.")
        if not _is_copied(where):
            reasons.append(f"The service's own copy of {where.module} is not complete, so that it can't read from it.")
    return reasons


def _is_copied(where: Where) -> bool:
    noted = Progress.objects.filter(pk=where.module).first()
    tables = noted.facts.get("tables") if noted and where.phase == Phase.DUAL_WRITE else None
    return bool(tables) and all(table.get("complete") for table in tables or ())
