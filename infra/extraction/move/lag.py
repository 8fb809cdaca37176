"""How far the copy is behind, measured where it is made: an upper bound for each step that carried something."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from infra.extraction.data.step import Applier, Step

WINDOW_SECONDS = 60.0


class TimedApplier(Applier):
    """An applier that remembers how old the oldest change of each step was at most when it was committed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._nothing_at = time.monotonic()
        self._lags: deque[tuple[float, float]] = deque()

    def behind(self) -> bool:
        looked_at = time.monotonic()
        found = super().behind()
        if not found:
            self._nothing_at = looked_at
        return found

    def advance(self, *, streams: int | None = None, goes_on: Callable[[], bool] = lambda: True) -> Step:
        began = time.monotonic()
        step = super().advance(streams=streams, goes_on=goes_on)
        # What a step carries was committed after the last look that found nothing, or after the step before began.
        if step.touched and not step.copied:
            now = time.monotonic()
            self._lags.append((now, now - self._nothing_at))
        self._nothing_at = began
        return step

    def lag_ms(self) -> Mapping[str, float] | None:
        """Return the lag of the last minute in milliseconds, at the median and the 99th of 100; None when nothing came."""
        since = time.monotonic() - WINDOW_SECONDS
        while self._lags and self._lags[0][0] < since:
            self._lags.popleft()
        found = sorted(lag for _, lag in list(self._lags))
        if not found:
            return None
        return {name: round(1000 * found[len(found) * per // 100], 1) for name, per in (("p50", 50), ("p99", 99))}
