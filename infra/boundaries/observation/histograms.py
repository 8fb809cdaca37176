"""Histograms of durations and of small numbers, as lists of counts that can be added up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

SIZE = 64
# From 10 microseconds, what a call in process takes, each bound 1.414 times the one before: an estimate is at most a fifth off,
# and the last bound is half a day, the lag of an event whose consumer was away over night.
_SECONDS = tuple(1e-5 * 2 ** (step / 2) for step in range(SIZE - 1))


def bucket_of_seconds(seconds: float) -> int:
    return bisect_left(_SECONDS, seconds)


def bucket_of_number(number: int) -> int:
    """Return a bucket of its own for each number below the last bucket, which holds all larger ones."""
    return min(number, SIZE - 1)


def seconds_below_which(share: float, buckets: Sequence[int]) -> float:
    """Estimate a quantile of durations in seconds; 0 where nothing was counted."""
    index, within = _place(share, buckets)
    lower = _SECONDS[index - 1] if index > 0 else _SECONDS[0] / 2
    upper = _SECONDS[index] if index < len(_SECONDS) else lower * 2**0.5
    return float(lower * (upper / lower) ** within) if sum(buckets) else 0.0


def number_below_which(share: float, buckets: Sequence[int]) -> int:
    """Return a quantile of small numbers; 0 where nothing was counted."""
    return _place(share, buckets)[0]


def _place(share: float, buckets: Sequence[int]) -> tuple[int, float]:
    """Return in which bucket a quantile lies, and how far inside it."""
    wanted = share * sum(buckets)
    before = 0
    for index, count in enumerate(buckets):
        if count and before + count >= wanted:
            return index, (wanted - before) / count
        before += count
    return 0, 0.0
