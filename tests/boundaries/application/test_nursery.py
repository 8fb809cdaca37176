"""Planted projects are loaded each in a process of its own."""

from __future__ import annotations

import pytest

from tests.boundaries.application.nursery import PlantingFailed, planted
from tests.boundaries.zoo.specimens import Habitat


def test_a_project_without_leaks_is_not_reported(habitat: Habitat) -> None:
    assert planted(habitat, {}) == []


def test_a_project_that_does_not_load_says_why(habitat: Habitat) -> None:
    with pytest.raises(PlantingFailed, match="ZeroDivisionError"):
        planted(habitat, {"modules/sales/models.py": "1 / 0\n"})
