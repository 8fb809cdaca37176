"""The baseline of a project: one file, known by identity, so that its CI fails only for leaks that are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra.boundaries.baseline import entries, recording
from infra.boundaries.baseline.judging import Judged, judge, outdated
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer, all_rules

COMMAND = "banyan-boundaries"
_NAME = "project"  # whose baseline it is: that of all modules together
_LOOKED = (Layer.STATIC,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording did to the file."""

    added: int
    renewed: int
    removed: int
    accepted: int


def judged_against(findings: Sequence[Finding], file: Path | None, *, today: date) -> list[Judged]:
    """Return every finding with its standing, and one finding more for each entry that has to leave.

    Raises:
        BaselineError: the file is not there, or malformed.
    """
    if file is None:
        return judge(findings, {}, today=today)
    if not file.exists():
        raise entries.BaselineError(
            f"There is no {file}. Record today's leaks in it: {COMMAND} ... --baseline {file} --record --reason"
            ' "before the borders" --owner "who mends them".'
        )
    baseline = entries.read(_NAME, file, shown=str(file))
    rules = {rule.id: rule for rule in all_rules()}
    stale = outdated(findings, [baseline], rules=rules, looked=_LOOKED, shown={_NAME: str(file)})
    return judge([*findings, *stale], dict.fromkeys((finding.module for finding in findings), baseline), today=today)


def record(
    findings: Sequence[Finding], file: Path, *, reason: str, owner: str, expires: date | None, today: date
) -> Recorded:
    """Bring the file in line with today: what is fixed leaves; what is new comes in if there is a reason.

    Raises:
        BaselineError: the file is malformed, the day is over, or nobody owns what comes in.
    """
    terms = recording.Terms.until(expires, reason=reason, owner=owner, today=today)
    change = recording.record(
        findings,
        entries.read(_NAME, file, shown=str(file)),
        terms=terms,
        owner="",
        today=today,
        rules={rule.id: rule for rule in all_rules()},
        looked=_LOOKED,
    )
    entries.write(change.baseline, command=COMMAND, recording=f"{COMMAND} ... --baseline {file.name} --record")
    return Recorded(
        added=change.added,
        renewed=change.renewed,
        removed=change.removed,
        accepted=len(change.baseline.accepted),
    )
