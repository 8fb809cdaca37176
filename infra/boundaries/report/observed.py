"""What a running shop was seen doing: questions inside open transactions, and the figures of the anti-patterns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, log

from infra.boundaries import patterns
from infra.boundaries.findings import Finding
from infra.boundaries.observation.figures import Arrow, Crossing
from infra.boundaries.patterns.evidence import NOBODY_WATCHED
from infra.boundaries.patterns.looking import evidence_here
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured, findings
from infra.boundaries.report.layers import Looked, Place, blind
from infra.boundaries.rules import rule_named
from infra.boundaries.runtime.rules import CALL_IN_TRANSACTION


def look_at_run_time(place: Place) -> Looked:
    """Return what was seen that the guards refuse where they are told to raise."""
    with evidence_here(place.manifests, place.house) as (evidence, complaint):
        if not evidence.observations:
            return blind(complaint or NOBODY_WATCHED)
        return Looked(
            findings=[
                *(_in_transactions(arrow) for arrow in evidence.observations.questions if arrow.in_transactions),
                # A call in a transaction stands above already, with how many there were beside it.
                *(_crossed(seen) for seen in evidence.observations.crossings if seen.rule != CALL_IN_TRANSACTION.id),
            ]
        )


def look_at_patterns(place: Place) -> Looked:
    """Return what is too much; as notes, of each pattern the figure that comes closest, and what was not measured."""
    with evidence_here(place.manifests, place.house) as (evidence, _):
        measured = patterns.measure(evidence)
    return Looked(findings=findings(measured), notes=[*_closest(measured), *_not_measured(measured)])


def _in_transactions(arrow: Arrow) -> Finding:
    return Finding(
        rule=CALL_IN_TRANSACTION,
        module=arrow.asker,
        source=arrow.asker,
        target=arrow.what,
        detail=f"{arrow.asker} asked {arrow.what} inside an open transaction, {arrow.in_transactions} times of {arrow.count};"
        f" the last question was on {arrow.last_seen:%Y-%m-%d}.",
    )


def _crossed(seen: Crossing) -> Finding:
    return Finding(
        rule=rule_named(seen.rule),
        module=seen.module,
        source=seen.source,
        target=seen.target,
        detail=f"A guard saw {seen.source} reach {seen.target}, {seen.count} times, the last on {seen.last_seen:%Y-%m-%d};"
        " the log has the line.",
    )


def _closest(measured: Iterable[Measured]) -> Iterator[str]:
    by_rule: dict[str, list[Measure]] = {}
    for each in measured:
        if isinstance(each, Measure):
            by_rule.setdefault(each.rule.id, []).append(each)
    for rule, measures in sorted(by_rule.items()):
        closest = min(measures, key=_distance)
        yield f"{rule}  {closest.figure:g} of {closest.threshold:g} {closest.unit}: {closest.source}"


def _distance(measure: Measure) -> float:
    """Return how far a figure is from its threshold, on either side: some are to be small, some large."""
    if measure.figure <= 0 or measure.threshold <= 0:
        return inf if measure.figure <= 0 else -measure.figure
    return abs(log(measure.figure / measure.threshold))


def _not_measured(measured: Iterable[Measured]) -> Iterator[str]:
    rules: dict[str, list[str]] = {}
    for each in measured:
        if isinstance(each, NotMeasured):
            rules.setdefault(each.reason, []).append(each.rule.id)
    for reason, ids in rules.items():
        yield f"{', '.join(dict.fromkeys(ids))}  not measured: {reason[:1].lower()}{reason[1:]}"
