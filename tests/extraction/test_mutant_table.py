"""Each defect in the table is planted by a test that exists."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

from tests.extraction.mutants import MUTANTS


@pytest.fixture(scope="module")
def collected() -> set[str]:
    files = sorted({node.partition("::")[0] for mutant in MUTANTS.values() for node in mutant.killed_by})
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *files],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return set(answer.stdout.splitlines())


@pytest.mark.parametrize("name", MUTANTS)
def test_the_tests_that_see_a_defect_exist(name: str, collected: set[str]) -> None:
    assert MUTANTS[name].killed_by
    assert [node for node in MUTANTS[name].killed_by if node not in collected] == []
