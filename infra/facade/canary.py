"""A service with a share of the traffic is watched, and loses the share when it does worse than it may.

Each process watches what it sent: the last five seconds, by module and side. It judges while requests end, so a bad window is
seen as soon as enough of them are in it. Only before the switch: afterwards nobody else has the truth, and going back is a
decision.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

from infra.extraction.record.changing import ALIAS, RecordMoved, change, read
from infra.extraction.record.values import MONOLITH, SERVICE
from infra.facade import metrics

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 5.0
WHO = "automatic"
# Looking at a window costs some ten microseconds; four times a second is soon enough.
_JUDGE_EVERY_SECONDS = 0.25
# The service is slow only when it is slower than this many times the monolith: a machine under load slows both.
_TIMES_SLOWER = 2.0
# Requests of one window that are kept.
_MOST_OUTCOMES = 5000
_TRIES = 5

Clock = Callable[[], float]
Act = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a service may do within a window before it loses its share."""

    error_percent: float
    p95_seconds: float
    least_requests: int  # fewer say nothing


@dataclass(frozen=True, slots=True)
class _Outcome:
    at: float
    failed: bool
    seconds: float


class Canary:
    """The windows of one process.

    Args:
        act: called with the module and the reason, in the thread of a request; it must be quick.
    """

    def __init__(self, thresholds: Thresholds, act: Act, clock: Clock = time.monotonic) -> None:
        self._thresholds = thresholds
        self._act = act
        self._clock = clock
        self._lock = threading.Lock()
        self._outcomes: dict[tuple[str, str], deque[_Outcome]] = {}
        self._judged_at: dict[str, float] = {}

    def observe(self, module: str, side: str, *, failed: bool, seconds: float) -> None:
        """Note how a request went, and act when the service has done too badly."""
        now = self._clock()
        with self._lock:
            outcomes = self._outcomes.setdefault((module, side), deque(maxlen=_MOST_OUTCOMES))
            outcomes.append(_Outcome(now, failed, seconds))
            if side != SERVICE or now - self._judged_at.get(module, float("-inf")) < _JUDGE_EVERY_SECONDS:
                return
            self._judged_at[module] = now
            reason = self._reason(module, now)
            if reason:
                self.forget(module)
        if reason:
            self._act(module, reason)

    def forget(self, module: str) -> None:
        """Begin anew."""
        for side in (MONOLITH, SERVICE):
            self._outcomes.pop((module, side), None)

    def _reason(self, module: str, now: float) -> str:
        service = self._window(module, SERVICE, now)
        if len(service) < self._thresholds.least_requests:
            return ""
        failed = sum(outcome.failed for outcome in service)
        percent = 100 * failed / len(service)
        if percent > self._thresholds.error_percent:
            return (
                f"{failed} of {len(service)} requests to the service failed within {WINDOW_SECONDS:g} s"
                f" ({percent:.0f} %, allowed are {self._thresholds.error_percent:g} %)."
            )
        slow = _p95(service)
        monolith = self._window(module, MONOLITH, now)
        compared = _p95(monolith) if len(monolith) >= self._thresholds.least_requests else 0.0
        if slow > max(self._thresholds.p95_seconds, _TIMES_SLOWER * compared):
            beside = f", {compared * 1000:.0f} ms in the monolith" if compared else ""
            return (
                f"5 % of {len(service)} requests to the service took {slow * 1000:.0f} ms or longer within"
                f" {WINDOW_SECONDS:g} s{beside} (allowed are {self._thresholds.p95_seconds * 1000:.0f} ms)."
            )
        return ""

    def _window(self, module: str, side: str, now: float) -> deque[_Outcome]:
        outcomes = self._outcomes.get((module, side))
        if outcomes is None:
            return deque()
        while outcomes and outcomes[0].at < now - WINDOW_SECONDS:
            outcomes.popleft()
        return outcomes


def _p95(outcomes: deque[_Outcome]) -> float:
    seconds = sorted(outcome.seconds for outcome in outcomes)
    return seconds[int(0.95 * (len(seconds) - 1))]


def take_back_shares(module: str, reason: str) -> bool:
    """Set the module's shares of reads and writes to 0, with the reason; return whether that was still to be done.

    By compare-and-set, and only while the monolith's tables are the truth.
    """
    for _ in range(_TRIES):
        before = read(module)
        if before.home != MONOLITH or not (before.share("reads") or before.share("writes")):
            return False
        try:
            change(before, who=WHO, why=reason, shares={**before.shares, "reads": 0, "writes": 0})
        except RecordMoved:
            continue
        metrics.taken_back.labels(module).inc()
        logger.error("The shares of %s were taken back: %s", module, reason)
        return True
    return False


def in_background(module: str, reason: str) -> None:
    """Take the shares back in a thread of its own: the request that saw it does not wait for it."""
    threading.Thread(target=_take_back, args=(module, reason), name=f"canary-{module}", daemon=True).start()


def _take_back(module: str, reason: str) -> None:
    try:
        take_back_shares(module, reason)
    except Exception:
        # The next window says the same again.
        logger.exception("The shares of %s could not be taken back. Reason to do so: %s", module, reason)
    finally:
        connections[ALIAS].close()


def from_settings() -> Canary:
    """Return the watcher of this process."""
    thresholds = Thresholds(
        error_percent=settings.CANARY_ERROR_PERCENT,
        p95_seconds=settings.CANARY_P95_MS / 1000,
        least_requests=settings.CANARY_LEAST_REQUESTS,
    )
    return Canary(thresholds, in_background)
