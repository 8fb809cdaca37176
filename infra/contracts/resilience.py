"""What keeps one slow or broken service from taking its callers down with it."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class RetryBudget:
    """Lets retries add at most a share to the calls, so that they cannot multiply the load on a service in trouble."""

    def __init__(self, *, share: float = 0.1, reserve: float = 10.0) -> None:
        """Start a budget.

        Args:
            share: retries allowed per call.
            reserve: retries that can be saved up, and are there from the start.
        """
        self._share = share
        self._reserve = reserve
        self._tokens = reserve
        self._lock = threading.Lock()

    def count_call(self) -> None:
        with self._lock:
            self._tokens = min(self._reserve, self._tokens + self._share)

    def take_retry(self) -> bool:
        """Return whether one more retry is within the budget, and spend it."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class CircuitBreaker:
    """Stops asking a service for a while after most of the last calls failed, then lets one call try.

    Five failures that are at least half of the last twenty calls open it, for one second; each failed trial doubles the
    pause up to half a minute.
    """

    def __init__(
        self,
        *,
        window: int = 20,
        least_failures: int = 5,
        first_pause_seconds: float = 1.0,
        longest_pause_seconds: float = 30.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._least_failures = least_failures
        self._first_pause = first_pause_seconds
        self._longest_pause = longest_pause_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = first_pause_seconds
        self._opens_again_at: float | None = None  # None: closed
        self._trial_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._opens_again_at is not None

    def lets_through(self) -> bool:
        """Return whether a call may be made now; one that may is followed by `succeeded` or `failed`."""
        if self._opens_again_at is None:
            return True
        with self._lock:
            now = self._clock()
            if self._opens_again_at is None:
                return True
            if now < self._opens_again_at or now < self._trial_until:
                return False
            self._trial_until = now + self._pause  # a trial that never reports back must not block for ever
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._outcomes.append(True)
            if self._opens_again_at is not None:
                self._opens_again_at = None
                self._trial_until = 0.0
                self._pause = self._first_pause
                self._outcomes.clear()

    def failed(self) -> None:
        with self._lock:
            self._outcomes.append(False)
            failures = self._outcomes.count(False)
            if self._opens_again_at is not None:
                if self._trial_until:
                    self._pause = min(self._pause * 2, self._longest_pause)
                    self._open()
            elif failures >= self._least_failures and failures * 2 >= len(self._outcomes):
                self._open()

    def _open(self) -> None:
        self._trial_until = 0.0
        self._opens_again_at = self._clock() + self._pause


def full_jitter(attempt: int, *, first_seconds: float = 0.05, longest_seconds: float = 1.0) -> float:
    """Return how long to wait before an attempt (2, 3, ...): a random part of a pause that doubles each time.

    Full jitter, as in Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return random.uniform(0, min(longest_seconds, first_seconds * 2 ** (attempt - 2)))  # noqa: S311
