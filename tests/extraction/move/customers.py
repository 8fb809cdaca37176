"""What the customers of a test were told, collected while they run, and looked at when they have ended."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.extraction.move.place import Place
from tests.waiting import eventually


@dataclass
class Customers:
    """Writers in processes of their own; `ended` after their last word."""

    place: Place
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)
    intents: set[str] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    ready: int = 0

    @classmethod
    def coming(cls, place: Place, *, processes: int = 2, threads: int = 2, rest_seconds: float = 0.0) -> Customers:
        customers = cls(place)
        for seed in range(processes):
            process = place.start("writer", str(seed), str(threads), str(rest_seconds))
            customers.processes.append(process)
            reader = threading.Thread(target=customers._listen, args=(process,))
            reader.start()
            customers.readers.append(reader)
        eventually(lambda: customers.ready == processes, "all customers came in", seconds=60)
        return customers

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "intent":
                self.intents.add(rest)
            elif word == "ack":
                key, wait = rest.split()
                self.acknowledged.append(key)
                self.waits.append(float(wait))
            elif word == "error":
                self.errors.append(rest)
            elif word == "ready":
                self.ready += 1
            else:
                self.told[line.strip()] += 1

    def wait_for_writes(self, count: int, *, seconds: float = 60.0) -> None:
        so_far = len(self.acknowledged)
        eventually(
            lambda: len(self.acknowledged) >= so_far + count, f"{count} more writes went through", seconds=seconds
        )

    def leave(self) -> None:
        """Have all end what they are doing."""
        for process in self.processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        for process, reader in zip(self.processes, self.readers, strict=True):
            reader.join(90)
            process.wait(10)

    def check(self, home: object = None) -> None:
        """Each acknowledged write is there once, no other is there but intended ones, no transaction is torn."""
        monolith, service = self.place.sides
        primary = monolith if self.place.may_write(monolith) else service
        assert [self.place.may_write(side) for side in (monolith, service)].count(True) == 1
        stored = self.place.keys(primary)
        assert len(stored) == len(set(stored)), "doubled"
        assert set(self.acknowledged) <= set(stored), "lost"
        assert set(stored) <= self.intents, "nobody intended it"
        assert self.place.wrong(primary) == []
        assert self.errors == []
        assert "stuck: no side accepts writes" not in self.told


def equal_soon(place: Place, *, seconds: float = 30.0) -> None:
    """Wait until both sides hold the same rows; nobody may be writing."""
    monolith, service = place.sides
    end = time.monotonic() + seconds
    eventually(
        lambda: place.rows(monolith) == place.rows(service), "both sides hold the same", seconds=end - time.monotonic()
    )
