"""Every kind of leak that we know is caught by the rule that claims it, and its innocent twin is left in peace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from infra.boundaries.findings import Finding
from tests.boundaries.zoo import score
from tests.boundaries.zoo.specimens import Habitat, Specimen, all_specimens

SPECIMENS = all_specimens()


@pytest.fixture
def habitat(tmp_path: Path, request: pytest.FixtureRequest) -> Habitat:
    return Habitat(path=tmp_path, fixture=request.getfixturevalue)


def told(findings: list[Finding]) -> str:
    return "".join(f"\n  {found.rule.id} {found.where}: {found.detail}" for found in findings) or " nothing"


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda kind: f"{kind.rule}: {kind.name}")
def test_the_leak_is_caught_by_its_rule(
    specimen: Specimen, habitat: Habitat, record_property: Callable[[str, object], None]
) -> None:
    record_property(score.PROPERTY, ("leak", specimen.number))

    found = list(specimen.leak(habitat))

    assert specimen.rule in {finding.rule.id for finding in found}, f"{specimen.rule} is not among:{told(found)}"
    assert all(finding.detail and finding.source for finding in found)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda kind: f"{kind.rule}: {kind.name}")
def test_the_innocent_twin_is_not_reported(
    specimen: Specimen, habitat: Habitat, record_property: Callable[[str, object], None]
) -> None:
    record_property(score.PROPERTY, ("twin", specimen.number))

    found = list(specimen.twin(habitat))

    assert not found, f"reported:{told(found)}"


def test_no_two_specimens_have_one_name() -> None:
    assert [name for name, count in Counter(kind.name for kind in SPECIMENS).items() if count > 1] == []


def test_the_score_counts_halves_and_names_a_kind_of_the_reference_once() -> None:
    outcomes = [
        score.Outcome("leak", 5, True),
        score.Outcome("leak", 5, True),
        score.Outcome("leak", 6, True),
        score.Outcome("leak", 6, False),
        score.Outcome("leak", None, True),
        score.Outcome("twin", 5, False),
    ]

    assert score.sentence(outcomes) == (
        "leak zoo: 4 of 5 caught, 0 of 1 innocents unreported; 1 of 20 of the reference's"
    )


def test_the_tiny_project_is_one_that_django_loads_and_whose_models_are_migrated(habitat: Habitat) -> None:
    root = habitat.project({})

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "monolith.settings"},
            capture_output=True,
            text=True,
        )

    checked = manage("check", "--fail-level", "WARNING")
    migrated = manage("makemigrations", "--check", "--dry-run")

    assert checked.returncode == 0, checked.stderr
    assert "No changes detected" in migrated.stdout, migrated.stdout + migrated.stderr
