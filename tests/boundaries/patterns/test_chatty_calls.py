"""BND506 and BND507: questions per request, and the same one again and again."""

from __future__ import annotations

import pytest

from infra.boundaries.observation.figures import EntryPoint
from infra.boundaries.patterns import Thresholds
from tests.boundaries.patterns.planting import entry, evidence, module, too_much, unmeasured, watched

A, B = module("a", asks=("b.v1",)), module("b", offers=("b.v1",))
MANY = [("a", "b.v1", f"method_{number}", 1) for number in range(16)]


def test_a_request_that_asks_sixteen_questions_is_chatty() -> None:
    (measured,) = too_much(evidence(A, B, observations=watched(entry("GET /api/v1/a", *MANY))), "BND506")

    assert (measured.module, measured.source, measured.figure) == ("a", "GET /api/v1/a", 16)


@pytest.mark.parametrize(
    "innocent",
    [
        entry("GET /api/v1/a", *MANY[:15]),
        entry("GET /api/v1/a", *MANY, journeys=19),  # too few to judge
        entry("a.nightly", *MANY, kind="task"),
    ],
)
def test_fewer_questions_rare_requests_and_tasks_are_not(innocent: EntryPoint) -> None:
    assert too_much(evidence(A, B, observations=watched(innocent)), "BND506") == []


@pytest.mark.parametrize("kind", ["request", "task"])
def test_the_same_question_four_times_is_a_loop(kind: str) -> None:
    loop = entry("a.somewhere", ("a", "b.v1", "item", 4), ("a", "b.v1", "total", 3), kind=kind)

    (measured,) = too_much(evidence(A, B, observations=watched(loop)), "BND507")

    assert (measured.module, measured.target, measured.figure) == ("a", "b.v1 item", 4)


def test_a_threshold_can_be_moved() -> None:
    loop = watched(entry("a.somewhere", ("a", "b.v1", "item", 4)))

    assert too_much(evidence(A, B, observations=loop, thresholds=Thresholds(same_question=4)), "BND507") == []


def test_without_a_watched_shop_it_says_how_to_watch_one() -> None:
    reasons = unmeasured(evidence(A, B))

    assert "make run" in reasons["BND506"]
    assert "make run" in reasons["BND507"]
