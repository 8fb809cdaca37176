from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.boundaries.observation.histograms import (
    SIZE,
    bucket_of_number,
    bucket_of_seconds,
    number_below_which,
    seconds_below_which,
)


@given(st.lists(st.floats(min_value=1e-5, max_value=20_000), min_size=1, max_size=300))
def test_an_estimated_quantile_is_at_most_half_off(durations: list[float]) -> None:
    buckets = [0] * SIZE
    for seconds in durations:
        buckets[bucket_of_seconds(seconds)] += 1

    for share in (0.5, 0.99):
        true = sorted(durations)[max(0, -(-int(share * 1000) * len(durations) // 1000) - 1)]
        assert true / 1.5 <= seconds_below_which(share, buckets) <= true * 1.5


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9, 1e9])
def test_what_is_shorter_or_longer_than_every_bucket_has_one(seconds: float) -> None:
    assert 0 <= bucket_of_seconds(seconds) < SIZE


def test_small_numbers_are_told_apart_and_large_ones_are_not() -> None:
    buckets = [0] * SIZE
    for number in [0, 0, 1, 3, 500]:
        buckets[bucket_of_number(number)] += 1

    assert [number_below_which(share, buckets) for share in (0.4, 0.5, 0.8, 1.0)] == [0, 1, 3, SIZE - 1]


def test_nothing_counted_is_zero() -> None:
    assert seconds_below_which(0.5, [0] * SIZE) == 0
    assert number_below_which(0.5, [0] * SIZE) == 0
