"""Bringing baselines in line with today: what is fixed leaves, what is new comes in only with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from infra.boundaries.baseline.entries import Accepted, Baseline, BaselineError
from infra.boundaries.baseline.judging import is_fixed
from infra.boundaries.findings import Finding, Identity
from infra.boundaries.rules import Layer, Rule

DEFAULT_DAYS = 90  # a quarter: long enough to plan the work, short enough that those who accepted it remember why


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms findings are accepted."""

    reason: str  # empty: none is
    owner: str  # empty: the module's
    expires: date

    @classmethod
    def until(cls, expires: date | None, *, reason: str, owner: str, today: date) -> Terms:
        """Return terms that end on a day, or in a quarter.

        Raises:
            BaselineError: the day is over.
        """
        if expires is not None and expires <= today:
            raise BaselineError(f"{expires} is over, or is today: an entry needs a day on which it will end.")
        return cls(reason=reason.strip(), owner=owner.strip(), expires=expires or today + timedelta(days=DEFAULT_DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What recording does to one module's baseline."""

    baseline: Baseline  # as it is after
    added: int = 0
    renewed: int = 0
    removed: int = 0

    @property
    def is_one(self) -> bool:
        return bool(self.added or self.renewed or self.removed)


def record(
    findings: Sequence[Finding],
    baseline: Baseline,
    *,
    terms: Terms,
    owner: str,
    today: date,
    rules: Mapping[str, Rule],
    looked: Collection[Layer],
) -> Change:
    """Return a baseline brought in line with what was found in its module; nothing is written.

    Without a reason nothing comes in and nothing is renewed, but what is fixed leaves.

    Args:
        owner: the module's, for entries whose terms name none.

    Raises:
        BaselineError: something comes in and nobody owns it.
    """
    found = {finding.identity for finding in findings}
    stays = [entry for entry in baseline.accepted if not is_fixed(entry, rules.get(entry.rule), found, looked)]
    removed = len(baseline.accepted) - len(stays)
    if not terms.reason:
        return Change(baseline=replace(baseline, accepted=tuple(stays)), removed=removed)

    answerable = terms.owner or owner
    new = sorted(found - {entry.identity for entry in stays})
    over = {entry.identity for entry in stays if entry.is_over(today) and entry.identity in found}
    if (new or over) and not answerable:
        raise BaselineError(f"{baseline.module} has no manifest that names an owner: say who mends it with --owner.")

    def accept(identity: Identity) -> Accepted:
        return Accepted(**identity._asdict(), reason=terms.reason, owner=answerable, expires=terms.expires)

    accepted = [accept(entry.identity) if entry.identity in over else entry for entry in stays]
    return Change(
        baseline=replace(baseline, accepted=(*accepted, *map(accept, new))),
        added=len(new),
        renewed=len(over),
        removed=removed,
    )
