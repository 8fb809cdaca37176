"""Small projects to measure: each test says only what is special about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Arrow, AskedOnTheWay, EntryPoint, Observations
from infra.boundaries.patterns import Evidence, History, Sources, Thresholds, measure
from infra.boundaries.patterns.measures import Measure, NotMeasured

SEEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


def module(name: str, **more: Any) -> Manifest:
    return Manifest(**{"name": name, "owner": "The team", "purpose": "To be measured.", "tables": (), **more})


def written(root: Path, files: Mapping[str, str]) -> Sources:
    """Write files below `modules/` and return them as sources."""
    for name, text in files.items():
        path = root / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Sources(House(root=root, modules="modules", above=("monolith",), below=("infra",)))


def evidence(*manifests: Manifest, **more: Any) -> Evidence:
    return Evidence(**{"manifests": manifests, "thresholds": Thresholds(), **more})


def too_much(evidence: Evidence, rule: str) -> list[Measure]:
    """Return what a rule finds to be too much."""
    return [each for each in measure(evidence) if isinstance(each, Measure) and each.rule.id == rule and each.too_much]


def figures(evidence: Evidence, rule: str) -> list[float]:
    """Return all figures of a rule."""
    return [each.figure for each in measure(evidence) if isinstance(each, Measure) and each.rule.id == rule]


def unmeasured(evidence: Evidence) -> dict[str, str]:
    """Return the rules that had nothing to measure, with all reasons."""
    reasons: dict[str, str] = {}
    for each in measure(evidence):
        if isinstance(each, NotMeasured):
            reasons[each.rule.id] = f"{reasons.get(each.rule.id, '')} {each.reason}".strip()
    return reasons


def asks(asker: str, answerer: str, **more: Any) -> Arrow:
    figures: dict[str, Any] = {
        "count": 100,
        "seconds": 1.0,
        "errors": 0,
        "in_transactions": 0,
        "p50_ms": 1,
        "p99_ms": 2,
    }
    return Arrow(
        **{"kind": "question", "asker": asker, "answerer": answerer, "name": f"{answerer}.v1", "method": "get",
           "last_seen": SEEN, **figures, **more}
    )  # fmt: skip


def hears(consumer: str, event: str, **more: Any) -> Arrow:
    return asks(consumer, event.partition(".")[0], **{"kind": "event", "name": event, "method": "", **more})


def entry(name: str, *asked: tuple[str, str, str, int], kind: str = "request", journeys: int = 100) -> EntryPoint:
    """Return an entry whose every journey asks (asker, contract, method) so many times."""
    total = sum(times for *_, times in asked)
    return EntryPoint(
        kind=kind, entry=name, journeys=journeys, count=total * journeys, most=total, p50=total, p99=total, last_seen=SEEN,
        asked=tuple(
            AskedOnTheWay(asker=asker, contract=contract, method=method, journeys=journeys, count=times * journeys,
                          most=times, p99=times)
            for asker, contract, method, times in asked
        ),
    )  # fmt: skip


def watched(*seen: Arrow | EntryPoint) -> Observations:
    return Observations(
        arrows=tuple(each for each in seen if isinstance(each, Arrow)),
        entries=tuple(each for each in seen if isinstance(each, EntryPoint)),
    )


def commits(*together: tuple[set[str], int]) -> History:
    return History(tuple(frozenset(modules) for modules, times in together for _ in range(times)))
