"""Modules that are one: by chains and circles of questions, by events that lead back, by changes that always need both."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from infra.boundaries.discovery import circle_in
from infra.boundaries.patterns.evidence import NOBODY_WATCHED, Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.rules import ASKING_IN_CIRCLES, CHANGING_TOGETHER, DEEP_QUESTIONS, ECHO


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Measure depth and circles of questions, events that lead back, and changes in common."""
    questions = _questions(evidence)
    circle = circle_in(questions)
    yield Measure(
        rule=ASKING_IN_CIRCLES,
        module=circle[0] if circle else "",
        source=circle[0] if circle else "all modules",
        target=" -> ".join(circle),
        figure=max(0, len(circle) - 1),
        unit="modules in a circle of questions",
        threshold=0,
        too_much=bool(circle),
        detail=f"They ask in a circle, declared or observed: {' -> '.join(circle)}."
        if circle
        else "No module asks in a circle.",
    )
    if not circle:
        yield from _chains(evidence, questions)
    yield from _deep_questions(evidence)
    yield from _echoes(evidence)
    yield from _changes(evidence)


def _questions(evidence: Evidence) -> Mapping[str, set[str]]:
    """Return whom each module asks, by its manifest or as observed."""
    asked = {manifest.name: set(manifest.asked_modules) for manifest in evidence.manifests}
    for arrow in evidence.observations.questions if evidence.observations else ():
        if arrow.asker in asked and arrow.answerer in asked and arrow.asker != arrow.answerer:
            asked[arrow.asker].add(arrow.answerer)
    return asked


def _chains(evidence: Evidence, questions: Mapping[str, set[str]]) -> Iterator[Measure]:
    """Measure the longest chain that begins at each module: what it must wait for in the worst case."""
    most = evidence.thresholds.questions_deep

    def longest(module: str) -> list[str]:
        return [module, *max((longest(asked) for asked in sorted(questions[module])), key=len, default=[])]

    for module in sorted(questions):
        chain = longest(module)
        yield Measure(
            rule=DEEP_QUESTIONS,
            module=module,
            source=module,
            target=chain[-1] if len(chain) > 1 else "",
            figure=len(chain) - 1,
            unit="questions inside each other, by who may ask whom",
            threshold=most,
            too_much=len(chain) - 1 > most,
            detail=f"A chain of {len(chain) - 1} questions: {' -> '.join(chain)}."
            if len(chain) > 1
            else f"{module} asks nobody.",
        )


def _deep_questions(evidence: Evidence) -> Iterator[Measured]:
    if not evidence.observations:
        yield NotMeasured(DEEP_QUESTIONS, f"As observed: {NOBODY_WATCHED}")
        return
    most = evidence.thresholds.questions_deep
    for arrow in evidence.observations.questions:
        yield Measure(
            rule=DEEP_QUESTIONS,
            module=arrow.asker,
            source=arrow.asker,
            target=arrow.what,
            figure=arrow.deepest,
            unit="questions inside each other, as observed",
            threshold=most,
            too_much=arrow.deepest > most,
            detail=f"{arrow.asker} asked {arrow.what} {arrow.deepest} questions deep.",
        )


def _echoes(evidence: Evidence) -> Iterator[Measured]:
    if not evidence.observations:
        yield NotMeasured(ECHO, f"As observed: {NOBODY_WATCHED}")
        return
    for entry in evidence.observations.entries:
        if entry.kind != "event":
            continue
        event, _, hearer = entry.entry.partition(" in ")
        publisher = event.partition(".")[0]
        back = [asked for asked in entry.asked if asked.contract.partition(".")[0] == publisher]
        times = sum(asked.count for asked in back)
        yield Measure(
            rule=ECHO,
            module=publisher if times else hearer,
            source=entry.entry,
            target=", ".join(f"{asked.contract} {asked.method}" for asked in back),
            figure=times,
            unit="questions back to the publisher",
            threshold=0,
            too_much=times > 0,
            detail=f"{hearer} handles {event} by asking {publisher} back:"
            f" {', '.join(f'{asked.contract} {asked.method}' for asked in back)}, {times} times in {entry.journeys} events."
            if times
            else f"{hearer} handles {event} without asking back.",
        )
    for arrow in evidence.observations.events:
        if arrow.came_back:
            yield Measure(
                rule=ECHO,
                module=arrow.answerer,
                source=arrow.name,
                target=arrow.asker,
                figure=arrow.came_back,
                unit="events caused by an earlier one of the same name",
                threshold=0,
                too_much=True,
                detail=f"{arrow.name} led to itself {arrow.came_back} times, heard by {arrow.asker}.",
            )


def _changes(evidence: Evidence) -> Iterator[Measured]:
    history, limits = evidence.history, evidence.thresholds
    if history is None or history.missing:
        reason = history.missing if history else "nobody asked git."
        yield NotMeasured(CHANGING_TOGETHER, f"Changes in common are read from git, and {reason}")
        return
    alone: Counter[str] = Counter()
    together: dict[tuple[str, str], int] = defaultdict(int)
    for modules in history.commits:
        if len(modules) <= limits.modules_in_a_change:
            alone.update(modules)
            for pair in combinations(sorted(modules), 2):
                together[pair] += 1
    if not together:
        yield NotMeasured(
            CHANGING_TOGETHER,
            f"{len(history.commits)} commits, of which none touches two modules and no more than {limits.modules_in_a_change};"
            " in a shallow clone: git fetch --unshallow.",
        )
    for (one, other), count in sorted(together.items(), key=lambda item: (-item[1], item[0])):
        either = alone[one] + alone[other] - count
        ratio = count / either
        yield Measure(
            rule=CHANGING_TOGETHER,
            module=one,
            source=one,
            target=other,
            figure=round(ratio, 2),
            unit="of the commits to either change both",
            threshold=limits.changes_together,
            too_much=ratio > limits.changes_together and count >= limits.changes_to_judge,
            detail=f"{count} of the {either} commits that change {one} or {other} change both ({ratio:.0%}).",
        )
