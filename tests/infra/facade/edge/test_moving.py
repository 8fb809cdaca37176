"""Modules move to and fro behind the edge, and clients notice nothing."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record.values import Phase
from tests.infra.facade.edge.conftest import PREFIX, Edge
from tests.waiting import eventually

CLIENTS = 8
SWITCHES = 30
REQUESTS = 1500


class Crowd:
    """Clients that read and write without end, and never try anything twice."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.failures: list[str] = []
        self.answers: Counter[str] = Counter()
        self.written: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=[number], daemon=True) for number in range(CLIENTS)]

    @contextmanager
    def asking(self) -> Iterator[Crowd]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._ending.set()
            for thread in self._threads:
                thread.join(60)

    @property
    def count(self) -> int:
        return sum(self.answers.values()) + len(self.failures)

    def _ask(self, number: int) -> None:
        dice = random.Random(number)
        with httpx.Client(base_url=self._url, timeout=60) as client:
            for turn in range(1_000_000):
                if self._ending.is_set():
                    return
                writes = dice.random() < 0.4
                body = f"{number}-{turn}" if writes else ""
                try:
                    answer = client.request("POST" if writes else "GET", f"{PREFIX}/{turn}", content=body)
                    failed = answer.status_code != 200 or HOLD_HEADER in answer.headers
                    said = "" if failed else answer.json()["from"]
                except httpx.HTTPError as error:
                    failed, said = True, f"{type(error).__name__} {error}"
                with self._lock:
                    if failed:
                        self.failures.append(said or f"{answer.status_code} {answer.text}")
                        continue
                    self.answers[said] += 1
                    if writes:
                        self.written.append(body)


def test_nobody_fails_and_nothing_is_written_twice_while_a_module_moves_to_and_fro(edge: Edge) -> None:
    edge.service.refuses_writes = True
    with Crowd(edge.url).asking() as crowd:
        for number in range(SWITCHES):
            seen = crowd.count
            there = number % 2 == 0
            before, after = (edge.monolith, edge.service) if there else (edge.service, edge.monolith)
            if there:
                edge.say(phase=Phase.DUAL_WRITE, shares={"reads": number, "writes": 100 - number})
            if held := bool(number % 3):
                edge.home(before.name, hold=True)
            refused = before.refused
            before.refuses_writes, after.refuses_writes = True, False
            if not held:  # news that come late: those that meet the fence until then are sent on
                eventually(lambda at=before, refused=refused: at.refused > refused, "the fence is met")  # type: ignore[misc]
            edge.home(after.name)
            enough = seen + REQUESTS // SWITCHES
            eventually(lambda enough=enough: crowd.count >= enough, "the crowd goes on")  # type: ignore[misc]

    assert crowd.failures == []
    assert crowd.count >= REQUESTS
    assert min(crowd.answers["monolith"], crowd.answers["service"]) > REQUESTS / 10
    assert sorted(edge.monolith.writes + edge.service.writes) == sorted(crowd.written)


def test_who_comes_after_the_fence_and_before_the_news_is_sent_on(edge: Edge) -> None:
    edge.home("service")
    edge.service.refuses_writes = True
    sent = edge.in_background("POST", content=b"late")
    eventually(lambda: edge.service.refused, "the fence is met")

    edge.home("monolith")

    assert sent.wait().json()["from"] == "monolith"
    assert edge.monolith.writes == ["late"]
    assert edge.service.writes == []


@pytest.mark.parametrize("side", ["monolith", "service"])
def test_writes_that_were_held_go_on_to_wherever_the_module_is_then(edge: Edge, side: str) -> None:
    before = "service" if side == "monolith" else "monolith"
    edge.home(before, hold=True)
    held = [edge.in_background("POST", content=f"{number}".encode() + b"x" * 100_000) for number in range(5)]

    assert edge.answered_by() == before  # reads are not held
    assert not any(answer.has_come for answer in held)
    edge.home(side)

    assert [answer.wait().json()["from"] for answer in held] == [side] * 5
    assert len(edge.monolith.writes if side == "monolith" else edge.service.writes) == 5


def test_a_hold_that_lasts_too_long_is_told_as_a_problem_and_nothing_was_done(edge: Edge) -> None:
    edge.home("monolith", hold=True)

    answer = edge.client.post(f"{PREFIX}/1", content=b"x")

    assert answer.status_code in (502, 503)
    assert answer.json()["code"] == "temporarily_unavailable"
    assert edge.monolith.writes == []


def test_a_refusal_that_lasts_does_not_show_how_the_shop_is_made(edge: Edge) -> None:
    edge.home("service")
    edge.service.refuses_writes = True

    answer = edge.client.post(f"{PREFIX}/1", content=b"x")

    assert answer.status_code == 503
    assert HOLD_HEADER not in answer.headers
