"""Adding up what was noted, until it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from infra.boundaries.observation.histograms import SIZE

# A shop of fifty modules has some thousand methods and routes. More means that something puts ids into names.
MOST_SUMS = 5000


class Key(NamedTuple):
    """What is added up; see `models.Observation`."""

    kind: str
    source: str
    target: str
    name: str
    outcome: str


class Sum:
    """The numbers of one key since they were last stored."""

    __slots__ = ("buckets", "count", "in_transactions", "most", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.most = 0
        self.in_transactions = 0
        self.buckets = [0] * SIZE

    def add(self, amount: float, bucket: int, *, most: int, in_transaction: bool = False) -> None:
        self.count += 1
        self.total += amount
        self.most = max(self.most, most)
        self.in_transactions += in_transaction
        self.buckets[bucket] += 1


class Sums:
    """All sums of a process; bounded."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Sum] = {}
        self.missed = 0  # had no place

    def of(self, key: Key) -> Sum:
        """Return the sum to add to; one that leads nowhere when there are too many."""
        found = self._by_key.get(key)
        if found is None:
            found = Sum()
            if len(self._by_key) < MOST_SUMS:
                self._by_key[key] = found
            else:
                self.missed += 1
        return found

    def clear(self) -> None:
        self._by_key.clear()

    def __iter__(self) -> Iterator[tuple[Key, Sum]]:
        """Yield the sums sorted by key: processes that store the same keys at once wait for each other instead of deadlocking."""
        return iter(sorted(self._by_key.items(), key=lambda item: item[0]))

    def __len__(self) -> int:
        return len(self._by_key)
