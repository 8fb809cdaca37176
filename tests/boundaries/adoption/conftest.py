from pathlib import Path

import pytest

from infra.boundaries.adoption.survey import Look, read
from tests.boundaries.adoption.legacy import planted


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small shop that was never meant to be modular."""
    return planted(tmp_path / "site")


@pytest.fixture
def look(shop: Path) -> Look:
    return read(shop, lambda _: None)
