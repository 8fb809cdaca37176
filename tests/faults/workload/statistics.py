"""What a customer notices, as figures: requests a second, failures, the slowest answer, the longest silence."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Second:
    """What happened within one second of the workload."""

    answered: int = 0
    failed: int = 0
    forgiven: int = 0
    slowest: float = 0.0  # seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that no rule of the shop explains."""

    at: float
    operation: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a span of time."""

    seconds: float
    answered: int
    refused: int
    failures: tuple[Failure, ...]
    forgiven: tuple[Failure, ...]
    slowest_seconds: float
    slowest_operation: str
    longest_gap_seconds: float  # between two answers, the open end included
    longest_write_gap_seconds: float  # the same of answers to requests that change something
    by_operation: dict[str, int]

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds if self.seconds else 0.0

    def line(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.answered} requests in {self.seconds:.0f} s ({self.per_second:.0f}/s), {len(self.failures)} failed"
            + (f" ({len(self.forgiven)} more under announced faults)" if self.forgiven else "")
            + f", slowest {self.slowest_seconds * 1000:.0f} ms ({self.slowest_operation}),"
            f" longest silence {self.longest_gap_seconds * 1000:.0f} ms"
        )


@dataclass(slots=True)
class _Silence:
    """The longest time without a good answer, the one that lasts included: a shop that hangs must not look quick."""

    last: float
    longest: float = 0.0

    def heard(self, at: float) -> None:
        self.longest = max(self.longest, at - self.last)
        self.last = max(self.last, at)

    def until(self, now: float) -> float:
        return max(self.longest, now - self.last)


@dataclass(slots=True)
class _Counts:
    """What was counted since an instant."""

    since: float
    answered: int = 0
    refused: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    forgiven: list[Failure] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    any: _Silence = field(init=False)
    writes: _Silence = field(init=False)

    def __post_init__(self) -> None:
        self.any, self.writes = _Silence(self.since), _Silence(self.since)


class Statistics:
    """Counts while the workload runs."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ended: float | None = None
        self._lock = threading.Lock()
        self._time_line: dict[int, Second] = {}
        self._counts = _Counts(0.0)

    def now(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._began

    def end(self) -> None:
        """Nobody asks any more: silence from now on is no news."""
        with self._lock:
            self._ended = self.now()

    def note(self, *, operation: str, at: float, seconds: float, verdict: str, text: str, changes: bool) -> None:
        """Count one answer."""
        with self._lock:
            counts, second = self._counts, self._time_line.setdefault(int(at), Second())
            if verdict in ("done", "refused"):
                counts.answered += 1
                counts.refused += verdict == "refused"
                counts.by_operation[operation] += 1
                second.answered += 1
                counts.any.heard(at)
                if changes:
                    counts.writes.heard(at)
            elif verdict == "forgiven":
                counts.forgiven.append(Failure(at, operation, text))
                second.forgiven += 1
            else:
                counts.failures.append(Failure(at, operation, text))
                second.failed += 1
            second.slowest = max(second.slowest, seconds)
            counts.slowest = max(counts.slowest, (seconds, operation))

    def summary(self, *, begin_anew: bool = False) -> Summary:
        """Return the figures since the beginning, or since the last call with `begin_anew`."""
        with self._lock:
            now = self._ended if self._ended is not None else self.now()
            counts = self._counts
            if begin_anew:
                self._counts = _Counts(now)
            return Summary(
                seconds=now - counts.since,
                answered=counts.answered,
                refused=counts.refused,
                failures=tuple(counts.failures),
                forgiven=tuple(counts.forgiven),
                slowest_seconds=counts.slowest[0],
                slowest_operation=counts.slowest[1],
                longest_gap_seconds=counts.any.until(now),
                longest_write_gap_seconds=counts.writes.until(now),
                by_operation=dict(counts.by_operation),
            )

    def time_line(self) -> dict[int, Second]:
        """Return what happened in each second that saw anything."""
        with self._lock:
            return dict(self._time_line)
