"""All cases of the matrix, each a parameter; without FAULTS=all a few of them, the same ones each time.

make faults SEED=7 ARGS="-k carrier"
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.matrix.cases import Case, every_case
from tests.faults.matrix.theatre import Theatre

SEED = int(os.environ.get("FAULTS_SEED") or 20)
CASES = every_case()
# One of each kind that is quick; the whole matrix takes an hour and more.
SAMPLE = (
    "service-killed-in-shared_database",
    "controller-killed-switch-before-give",
    "controller-killed-reverse-before-open",
    "carrier-killed-in-switched",
)
PLAYED = CASES if os.environ.get("FAULTS") == "all" else [case for case in CASES if case.name in SAMPLE]


class Theatres:
    """The theatre of all cases, and another one after a case that may have left damage."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._open = ExitStack()
        self._theatre: Theatre | None = None

    def theatre(self) -> Theatre:
        if self._theatre is None:
            self._theatre = self._open.enter_context(Theatre(self._folders.mktemp("shop"), SEED))
        return self._theatre

    def close(self) -> None:
        self._theatre = None
        self._open.close()


@pytest.fixture(scope="module")
def theatres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatres]:
    found = Theatres(tmp_path_factory)
    yield found
    found.close()


@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.name)
def test_a_fault_costs_nobody_anything(case: Case, theatres: Theatres) -> None:
    print(f"\n{case.name}: FAULTS_SEED={SEED}")  # noqa: T201 (the seed is what one needs of a failure in the night)
    theatre = theatres.theatre()
    try:
        theatre.bring_to(case.phase)
        with theatre.customers(case.name):
            case.act(theatre)
    except BaseException:
        theatres.close()
        raise


def test_the_sample_names_cases_of_the_matrix() -> None:
    names = [case.name for case in CASES]

    assert set(SAMPLE) <= set(names)
    assert len(set(names)) == len(names)
