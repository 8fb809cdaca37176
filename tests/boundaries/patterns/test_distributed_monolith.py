"""BND502 to BND505: chains, circles, echoes, changes in common."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.boundaries.generation.house import House
from infra.boundaries.patterns import History
from infra.boundaries.patterns.history import history_of
from tests.boundaries.patterns.planting import (
    asks,
    commits,
    entry,
    evidence,
    figures,
    hears,
    module,
    too_much,
    unmeasured,
    watched,
)

A, B, C = module("a", asks=("b.v1",)), module("b", offers=("b.v1",)), module("c", offers=("c.v1",))


def test_a_chain_of_three_questions_is_too_deep_and_one_of_two_is_not() -> None:
    chain = [module(name, offers=(f"{name}.v1",), asks=(f"{after}.v1",)) for name, after in ("ab", "bc", "cd")]
    end = module("d", offers=("d.v1",))

    (measured,) = too_much(evidence(*chain, end), "BND502")
    assert (measured.module, measured.figure) == ("a", 3)
    assert "a -> b -> c -> d" in measured.detail
    assert too_much(evidence(*chain[1:], end), "BND502") == []


@pytest.mark.parametrize(("deepest", "found"), [(3, 1), (2, 0)])
def test_questions_inside_questions_are_measured_as_they_happen(deepest: int, found: int) -> None:
    seen = watched(asks("a", "b", deepest=deepest))

    assert len(too_much(evidence(A, B, observations=seen), "BND502")) == found


def test_a_circle_that_no_manifest_declares_is_seen_in_a_running_shop() -> None:
    declared = evidence(A, B)
    back = evidence(A, B, observations=watched(asks("a", "b"), asks("b", "a")))

    assert too_much(declared, "BND503") == []
    (measured,) = too_much(back, "BND503")
    assert measured.target == "a -> b -> a"
    assert measured.figure == 2


def test_what_the_composition_root_asks_is_no_circle() -> None:
    assert too_much(evidence(A, B, observations=watched(asks("monolith", "a"), asks("a", "b"))), "BND503") == []


def test_an_event_that_makes_its_hearer_ask_back_is_too_thin() -> None:
    thin = entry("b.happened.v1 in a", ("a", "b.v1", "details", 1), kind="event")
    (measured,) = too_much(evidence(A, B, observations=watched(thin)), "BND504")

    assert (measured.module, measured.target, measured.figure) == ("b", "b.v1 details", 100)


@pytest.mark.parametrize(
    "innocent",
    [
        entry("b.happened.v1 in a", kind="event"),
        entry("b.happened.v1 in a", ("a", "c.v1", "details", 1), kind="event"),
        entry("GET /api/v1/a", ("a", "b.v1", "details", 1)),
    ],
)
def test_an_event_that_says_enough_is_not(innocent: object) -> None:
    assert too_much(evidence(A, B, C, observations=watched(innocent)), "BND504") == []  # type: ignore[arg-type]


def test_an_event_that_causes_itself_is_an_echo_and_one_that_does_not_is_none() -> None:
    loud = watched(hears("a", "b.happened.v1", came_back=7))
    quiet = watched(hears("a", "b.happened.v1"))

    (measured,) = too_much(evidence(A, B, observations=loud), "BND504")
    assert measured.figure == 7
    assert too_much(evidence(A, B, observations=quiet), "BND504") == []


@pytest.mark.parametrize(
    ("history", "found"),
    [
        (commits(({"a", "b"}, 20), ({"a"}, 5), ({"b"}, 5)), [("a", "b", 0.67)]),
        (commits(({"a", "b"}, 10), ({"a"}, 10), ({"b"}, 10)), []),  # a third
        (commits(({"a", "b"}, 9), ({"a"}, 1)), []),  # too few to say
        (commits(({"a", "b", "c", "d"}, 50), ({"a"}, 1)), []),  # sweeps
    ],
)
def test_modules_that_most_changes_need_both_of_change_together(
    history: History, found: list[tuple[str, str, float]]
) -> None:
    measured = too_much(evidence(A, B, C, history=history), "BND505")

    assert [(each.source, each.target, each.figure) for each in measured] == found


def test_history_is_read_from_git_and_says_when_there_is_none(tmp_path: Path) -> None:
    house = House(root=tmp_path, modules="modules", above=(), below=())
    assert "git" in history_of(house, {"a", "b"}).missing

    def commit(*names: str) -> None:
        for name in names:
            path = tmp_path / "modules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.read_text() + "#\n" if path.exists() else "#\n")
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        for command in (["add", "-A"], [*who, "commit", "-q", "-m", "change"]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True)

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit("a/use_cases.py", "b/service.py")
    commit("a/use_cases.py", "b/manifest.py", "b/migrations/0002.py", "README.md")

    assert history_of(house, {"a", "b"}).commits == (frozenset({"a"}), frozenset({"a", "b"}))


def test_without_history_or_a_watched_shop_it_says_so() -> None:
    reasons = unmeasured(evidence(A, B, history=History(missing="this is no git repository with commits.")))

    assert "no git repository" in reasons["BND505"]
    assert {"BND502", "BND504"} <= reasons.keys()
    assert "make run" in reasons["BND504"]


def test_figures_below_the_threshold_are_measured_too() -> None:
    assert figures(evidence(A, B, history=commits(({"a", "b"}, 1), ({"a"}, 3))), "BND505") == [0.25]
