"""Questions per request, and the same question again and again in one."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.observation.figures import AskedOnTheWay, EntryPoint
from infra.boundaries.patterns.evidence import NOBODY_WATCHED, Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.rules import CHATTY, REPEATED_QUESTION


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Measure each entry that asks at all: all its questions, and the one it asks most often."""
    if not evidence.observations:
        yield NotMeasured(CHATTY, NOBODY_WATCHED)
        yield NotMeasured(REPEATED_QUESTION, NOBODY_WATCHED)
        return
    for entry in evidence.observations.entries:
        if entry.asked:
            if entry.kind == "request":  # a task may ask as much as it likes, if not the same thing
                yield _all_questions(evidence, entry)
            for asked in entry.asked:
                yield _one_question(evidence, entry, asked)


def _all_questions(evidence: Evidence, entry: EntryPoint) -> Measure:
    limit, few = evidence.thresholds.questions_per_request, evidence.thresholds.journeys_to_judge
    most = ", ".join(f"{asked.contract} {asked.method} {asked.per_journey:.1f} times" for asked in entry.asked[:3])
    return Measure(
        rule=CHATTY,
        module=entry.asked[0].asker,
        source=entry.entry,
        target=entry.asked[0].contract,
        figure=entry.p99,
        unit="questions in one request (99 of 100 ask no more)",
        threshold=limit,
        too_much=entry.p99 > limit and entry.journeys >= few,
        detail=f"{entry.entry} asks {entry.per_journey:.1f} questions on average, {entry.p99} in one of a hundred"
        f" and {entry.most} at most, in {entry.journeys} requests: {most}.",
    )


def _one_question(evidence: Evidence, entry: EntryPoint, asked: AskedOnTheWay) -> Measure:
    limit, few = evidence.thresholds.same_question, evidence.thresholds.journeys_to_judge
    what = f"{asked.contract} {asked.method}"
    return Measure(
        rule=REPEATED_QUESTION,
        module=asked.asker,
        source=entry.entry,
        target=what,
        figure=asked.p99,
        unit=f"times the same question in one {entry.kind} (99 of 100 ask no more often)",
        threshold=limit,
        too_much=asked.p99 > limit and asked.journeys >= few,
        detail=f"On {entry.entry} {asked.asker} asks {what} {asked.per_journey:.1f} times on average, {asked.p99} times in one"
        f" of a hundred and {asked.most} at most, in {asked.journeys} {entry.kind}s.",
    )
