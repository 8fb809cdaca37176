"""What each verb does with the record: it changes it or is refused, and waits until all processes act on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.sides import modules
from infra.extraction.record.acknowledging import NotAcknowledged, await_acknowledged
from infra.extraction.record.changing import RecordMoved, change
from infra.extraction.record.values import Where

ACKNOWLEDGE_SECONDS = 6.0  # one killed process is waited for as long as its lease (5 s)
Report = Callable[[str], None]


def require_module(module: str) -> None:
    """Refuse a module that this build does not hold."""
    if module not in modules():
        raise MoveRefused(f"This build holds no module {module}. It has {', '.join(sorted(modules()))}.")


def changed(where: Where, who: str, why: str, fields: dict[str, Any]) -> Where:
    """Change the record from what it was; somebody else's change in between is a refusal."""
    try:
        return change(where, who=who, why=why, **fields)
    except RecordMoved as error:
        raise MoveRefused(str(error)) from error


def await_all(where: Where, report: Report) -> None:
    """Wait until every process acts on the record, or has been silent for its lease; the late are reported."""
    try:
        await_acknowledged(where.revision, ACKNOWLEDGE_SECONDS)
    except NotAcknowledged as late:
        report(f"{where.module}: {late}")
