"""Today's findings against what was accepted: which are new, which are tolerated, which have outlived their day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.boundaries.baseline.entries import Accepted, Baseline
from infra.boundaries.baseline.rules import ACCEPTED_BUT_FIXED, ACCEPTED_BY_A_STRANGER
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer, Rule

# What they find depends on what a shop happened to do: a leak that was not seen today may be there all the same.
_MEASURED = {Layer.RUNTIME, Layer.PATTERN}


class Standing(StrEnum):
    """How a finding stands towards the baseline."""

    NEW = "new"
    ACCEPTED = "accepted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finding, and the entry that accepts it or did so until its day."""

    finding: Finding
    standing: Standing
    entry: Accepted | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the check fail."""
        return self.standing is not Standing.ACCEPTED


def judge(findings: Iterable[Finding], baselines: Mapping[str, Baseline], *, today: date) -> list[Judged]:
    """Return every finding with its standing, in the order given."""
    judged = []
    accepted = {
        module: {entry.identity: entry for entry in baseline.accepted} for module, baseline in baselines.items()
    }
    for finding in findings:
        entry = accepted.get(finding.module, {}).get(finding.identity)
        standing = _standing(entry, today)
        judged.append(Judged(finding=finding, standing=standing, entry=entry))
    return judged


def _standing(entry: Accepted | None, today: date) -> Standing:
    if entry is None:
        return Standing.NEW
    return Standing.EXPIRED if entry.is_over(today) else Standing.ACCEPTED


def is_fixed(entry: Accepted, rule: Rule | None, found: Collection[object], looked: Collection[Layer]) -> bool:
    """Return whether an entry's finding is gone: its layer was looked at, can tell, and did not find it."""
    return rule is not None and rule.layer in looked and rule.layer not in _MEASURED and entry.identity not in found


def outdated(
    findings: Sequence[Finding],
    baselines: Iterable[Baseline],
    *,
    rules: Mapping[str, Rule],
    looked: Collection[Layer],
    shown: Mapping[str, str],
) -> list[Finding]:
    """Return a finding for each entry that must leave: what it accepted is fixed, or its rule does not exist.

    Args:
        rules: all that there are, by id.
        looked: the layers that ran; of others nothing is concluded.
        shown: each module's file, for people.
    """
    found = {finding.identity for finding in findings}
    stale = []
    for baseline in baselines:
        for entry in baseline.accepted:
            known = rules.get(entry.rule)
            if known and not is_fixed(entry, known, found, looked):
                continue
            told = f"{entry.rule} from {entry.source} to {entry.target}"
            stale.append(
                Finding(
                    rule=ACCEPTED_BUT_FIXED if known else ACCEPTED_BY_A_STRANGER,
                    module=baseline.module,
                    source=f"{baseline.module} baseline",
                    target=told,
                    detail=f"{told} is not found any more." if known else f"There is no rule {entry.rule}: {told}.",
                    path=shown[baseline.module],
                )
            )
    return stale
