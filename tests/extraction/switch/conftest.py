"""Two databases for the tests of the switch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.extraction.sides import Side
from tests.extraction.switch.two_sides import two_sides


@pytest.fixture
def sides() -> Iterator[tuple[Side, Side]]:
    """Two sides at rest, the first of them primary."""
    with two_sides() as pair:
        yield pair
