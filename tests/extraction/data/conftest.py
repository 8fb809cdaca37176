"""Two fresh databases for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.extraction.data.shop import Pair, two_databases


@pytest.fixture
def pair() -> Iterator[Pair]:
    with two_databases() as made:
        yield made
