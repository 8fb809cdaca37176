"""The step carries what there is, exactly, whatever the rows do."""

from __future__ import annotations

import pytest

from infra.extraction.data.pace import Pace
from tests.extraction.data.shop import Pair, fill


def test_a_first_copy_in_chunks_ends_in_equal_rows(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
        pair.begin()
        with pair.applier(pace=Pace(rows=7, least=7, most=7)) as applier:
            applier.copy_all()
        assert pair.differences() == {}
