"""One client of the shop: every request is written down before and after, and judged by what its operation may be answered."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import msgspec

from tests.faults.workload.journal import Acknowledgement, Intent, Journal, digest
from tests.faults.workload.statistics import Statistics

REPEATED_SHARE = 0.05  # of requests with a key: sent twice on purpose
PATIENCE_SECONDS = 90.0  # with a request that must be brought to an end: longer than any announced fault lasts
TIMEOUT_SECONDS = 30.0
_PAUSE_SECONDS = 0.25
_BUSY = ("idempotency_in_progress", "orders.checkout_under_way")  # the shop's way of saying: ask again in a moment
_TEXT = 400
_never = threading.Event()


class GaveUp(Exception):
    """A session cannot go on: something it needs has failed, which is noted already."""


class Stopped(Exception):
    """The workload ends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, its JSON decoded where it is any."""

    status: int
    body: Any
    headers: Mapping[str, str]
    raw: bytes = b""

    @property
    def code(self) -> str:
        """The stable code of a problem; empty for anything else."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def spoken(self) -> str:
        """Status and code, as outcomes are declared: "409 catalog.out_of_stock"."""
        return f"{self.status} {self.code}".strip()


Facts = Callable[[Answer], dict[str, Any]]


@dataclass
class Ground:
    """What all clients of one workload share."""

    address: str
    journal: Journal
    statistics: Statistics
    outcomes: Mapping[str, frozenset[str]]  # by operation: "201", or "409 catalog.out_of_stock"
    pace_seconds: float = 0.0  # a client thinks so long before each request, on average
    stopping: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _faults: list[str] = field(default_factory=list)

    @contextmanager
    def fault(self, what: str, *, lasting: float = 3.0) -> Iterator[None]:
        """Announce a fault: until it is over and `lasting` seconds after, failures are forgiven and clients ask again.

        What they ask again must still be done once; only the failure itself is not held against the shop.
        """
        self._faults.append(what)
        try:
            yield
        finally:
            timer = threading.Timer(lasting, self._faults.remove, [what])
            timer.daemon = True
            timer.start()

    @property
    def forgives(self) -> bool:
        return bool(self._faults)

    def next_id(self, dice: random.Random) -> str:
        return f"{next(self._numbers):06d}-{dice.getrandbits(48):012x}"


class Client:
    """A client with its own connection and its own dice."""

    def __init__(self, ground: Ground, who: str, dice: random.Random) -> None:
        self.ground, self.who, self.dice = ground, who, dice
        self._http = httpx.Client(base_url=ground.address, timeout=TIMEOUT_SECONDS, headers={"User-Agent": who})

    def close(self) -> None:
        self._http.close()

    def identify(self, token: str) -> None:
        """Be whoever the token says from now on; empty: nobody."""
        self._http.headers.pop("Authorization", None)
        self._http.cookies.clear()
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def new_key(self) -> str:
        """Return an idempotency key, the same for the same seed."""
        return f"{self.dice.getrandbits(128):032x}"

    def ask(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str = "",
        means: dict[str, Any] | None = None,
        facts: Facts | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """Send one request and return its answer, brought to an end where it can be repeated safely.

        With a key, and for reading, a failure is followed by the same request again, as clients do that want to know. One in
        twenty requests with a key is sent twice although the first was answered; the second must tell the same.

        Args:
            means: facts of the body for the invariants.
            facts: takes those of the answer out of it, when it was done.

        Raises:
            GaveUp: it failed and must not be repeated, or failed for too long.
            Stopped: the workload ends.
        """
        if self.ground.stopping.wait(self.dice.uniform(0, 2 * self.ground.pace_seconds)):
            raise Stopped
        content = msgspec.json.encode(body) if body is not None else b""
        intent = Intent(
            id=self.ground.next_id(self.dice),
            at=self.ground.statistics.now(),
            who=self.who,
            operation=operation,
            method=method,
            path=path,
            key=key,
            body=digest(content) if content else "",
            facts=means or {},
        )
        self.ground.journal.write(intent)
        headers = {"Accept": accept}
        if content:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        if not key or self.dice.random() >= REPEATED_SHARE:
            return self._until_answered(intent, content, headers, facts)
        return self._twice(intent, content, headers, facts, at_once=self.dice.random() < 0.5)

    def fail(self, operation: str, text: str) -> None:
        """Note a failure that no status shows: an answer that contradicts an earlier one."""
        self.ground.statistics.note(
            operation=operation,
            at=self.ground.statistics.now(),
            seconds=0.0,
            verdict="failed",
            text=f"{self.who}: {text}",
            changes=False,
        )

    def _until_answered(self, intent: Intent, content: bytes, headers: dict[str, str], facts: Facts | None) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer, verdict = self._once(intent, content, headers, facts)
            if answer is not None and answer.code in _BUSY and verdict != "failed":
                pass  # it is being worked on; the same request again will tell how it ended
            elif answer is not None and verdict in ("done", "refused"):
                return answer
            elif not (intent.key or intent.method == "GET") or (answer is not None and answer.status < 500):
                raise GaveUp(intent.operation)  # unknown whether it was done, or refused for good
            if time.monotonic() > deadline:
                self.fail(intent.operation, f"{intent.id} came to no end within {PATIENCE_SECONDS:.0f} s")
                raise GaveUp(intent.operation)
            _never.wait(_PAUSE_SECONDS)  # also when the workload ends: what was begun is brought to its end

    def _twice(
        self, intent: Intent, content: bytes, headers: dict[str, str], facts: Facts | None, *, at_once: bool
    ) -> Answer:
        """Send it again when it was answered, or twice at the same moment; both must tell of one effect."""
        with ThreadPoolExecutor(1) as other:
            second = other.submit(self._until_answered, intent, content, headers, facts) if at_once else None
            first = self._until_answered(intent, content, headers, facts)
            again = second.result() if second else self._until_answered(intent, content, headers, facts)
        if _effect(first) != _effect(again):
            self.fail(intent.operation, f"key {intent.key} had two effects: {_effect(first)} and {_effect(again)}")
        return again

    def _once(
        self, intent: Intent, content: bytes, headers: dict[str, str], facts: Facts | None
    ) -> tuple[Answer | None, str]:
        began = time.monotonic()
        answer: Answer | None = None
        try:
            got = self._http.request(intent.method, intent.path, content=content, headers=headers)
        except httpx.HTTPError as error:
            verdict, detail = "failed", f"{type(error).__name__}: {error}"
        else:
            is_json = "json" in got.headers.get("Content-Type", "") and got.content
            answer = Answer(got.status_code, got.json() if is_json else None, got.headers, got.content)
            allowed = self.ground.outcomes[intent.operation]
            if answer.spoken in allowed:
                verdict, detail = ("done", "") if answer.status < 400 else ("refused", answer.spoken)
            elif answer.code in _BUSY:
                verdict, detail = "refused", answer.spoken
            else:
                verdict, detail = "failed", f"{answer.status} {got.text[:_TEXT]}"
        if verdict == "failed" and self.ground.forgives:
            verdict = "forgiven"
        seconds, now = time.monotonic() - began, self.ground.statistics.now()
        self.ground.journal.write(
            Acknowledgement(
                id=intent.id,
                at=now,
                status=answer.status if answer else 0,
                seconds=round(seconds, 4),
                verdict=verdict,
                body=digest(answer.raw) if answer else "",
                facts=facts(answer) if facts and answer and verdict in ("done", "refused") else {},
                detail=detail,
            )
        )
        self.ground.statistics.note(
            operation=intent.operation,
            at=now,
            seconds=seconds,
            verdict=verdict,
            text=f"{intent.who} {intent.id}: {intent.method} {intent.path}: {detail}",
            changes=intent.method != "GET",
        )
        return answer, verdict


def _effect(answer: Answer) -> str:
    """Return the name of what was made: an order's id stands in its refusal, too."""
    told = answer.body if isinstance(answer.body, dict) else {}
    return str(told.get("id") or told.get("orderId") or answer.spoken)
