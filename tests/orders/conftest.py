"""What every test of orders stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.orders.neighbours import neighbours


@pytest.fixture(autouse=True)
def _neighbours() -> Iterator[None]:
    with neighbours():
        yield
