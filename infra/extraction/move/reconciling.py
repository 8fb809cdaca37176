"""The record is brought to agree with the gates: they decide, in the databases themselves, which side is the truth."""

from __future__ import annotations

from typing import Any

from infra.extraction.move.sides import sides_of
from infra.extraction.record.changing import RecordMoved, change, read
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.recovery import Rest, recover

BETWEEN_SIDES = (Phase.DUAL_WRITE, Phase.SWITCHED)  # the phases in which there are two gates
# A recovery is in no hurry that a customer feels more than waiting already, and must not fail for a busy machine.
PATIENT = Deadlines(gate=0.5, hold=1.0, drain=0.5, statement=2.0)
_TRIES = 20


def reconcile_record(module: str, *, by: str) -> Where:
    """Bring both gates to rest, then have the record say what they say, and lift a hold that nobody holds any more.

    Raises:
        Unresolved: a database does not answer, and without it nothing can be decided. Run it again.
        Impossible: somebody changed a gate by hand.
    """
    for _ in range(_TRIES):
        where = read(module)
        if where.phase not in BETWEEN_SIDES:
            fields: dict[str, Any] = {"hold": False} if where.hold else {}
        else:
            rest = recover(*sides_of(module), by=by, deadlines=PATIENT)
            if read(module).revision != where.revision:
                continue
            fields = fields_at_rest(where, rest)
        if not fields:
            return where
        try:
            return change(where, who=by, why=_why(where, fields), **fields)
        except RecordMoved:
            continue
    raise RecordMoved(f"The record of {module} was changed by others {_TRIES} times in a row. Look who is at it.")


def fields_at_rest(where: Where, rest: Rest) -> dict[str, Any]:
    """Return what the record must say otherwise."""
    fields: dict[str, Any] = {}
    home = SERVICE if rest.primary.name == SERVICE else MONOLITH
    if home != where.home:
        fields = home_fields(home)
    if rest.complete and rest.epoch != where.epoch:
        fields["epoch"] = rest.epoch
    if where.hold:
        fields["hold"] = False
    return fields


def home_fields(home: str) -> dict[str, Any]:
    """Return what the record says once the truth is at a side: its phase, where traffic goes, and whose tables services use."""
    if home == SERVICE:
        return {
            "phase": Phase.SWITCHED,
            "database": SERVICE,
            "shares": {"reads": 100, "writes": 100, "shadow": 0},
        }
    return {"phase": Phase.DUAL_WRITE, "database": MONOLITH, "shares": {"reads": 0, "writes": 0, "shadow": 0}}


def _why(where: Where, fields: dict[str, Any]) -> str:
    if "phase" in fields:
        return f"the gates say that the truth is at the {SERVICE if fields['phase'] == Phase.SWITCHED else MONOLITH}"
    return "the hold is over, nobody switches" if where.hold else "the gates are at another epoch"
