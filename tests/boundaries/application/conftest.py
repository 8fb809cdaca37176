from __future__ import annotations

from pathlib import Path

import pytest

from tests.boundaries.zoo.specimens import Habitat


@pytest.fixture
def habitat(tmp_path: Path, request: pytest.FixtureRequest) -> Habitat:
    return Habitat(path=tmp_path, fixture=request.getfixturevalue)
