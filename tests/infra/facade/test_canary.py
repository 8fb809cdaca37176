"""A service that does badly loses its share by itself, and soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from infra.extraction.record import presence
from infra.extraction.record.changing import RecordMoved, change, history, read
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.facade import canary
from infra.facade.canary import Canary, Thresholds, take_back_shares
from tests.databases import admin_url
from tests.infra.facade.front import Front
from tests.infra.facade.service import Handler, Received, Service, answers
from tests.waiting import eventually

PRODUCTS = "/api/v1/catalog/products"
THRESHOLDS = Thresholds(error_percent=5, p95_seconds=1.0, least_requests=10)


class Watched:
    """A canary, a clock that is turned by hand, and what the canary did."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.acts: list[tuple[str, str]] = []
        self.canary = Canary(THRESHOLDS, lambda module, reason: self.acts.append((module, reason)), lambda: self.now)

    def sees(self, count: int, *, side: str = SERVICE, failed: bool = False, seconds: float = 0.01) -> None:
        for _ in range(count):
            self.canary.observe("catalog", side, failed=failed, seconds=seconds)
            self.now += 0.02


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_good_service_keeps_its_share(watched: Watched) -> None:
    watched.sees(500)

    assert not watched.acts


def test_a_service_that_fails_loses_its_share_with_the_reason(watched: Watched) -> None:
    watched.sees(50)
    while not watched.acts:
        watched.sees(1, failed=True)

    [(module, reason)] = watched.acts
    assert module == "catalog"
    assert "requests to the service failed within 5 s" in reason
    assert "allowed are 5 %" in reason


def test_it_is_seen_within_a_second_of_traffic(watched: Watched) -> None:
    watched.sees(250)
    began = watched.now

    while not watched.acts:
        watched.sees(1, failed=True)

    assert watched.now - began < 1


def test_a_few_failures_among_few_requests_say_nothing(watched: Watched) -> None:
    watched.sees(THRESHOLDS.least_requests - 1, failed=True)

    assert not watched.acts


def test_failures_of_the_past_are_forgotten(watched: Watched) -> None:
    watched.sees(9, failed=True)
    watched.now += canary.WINDOW_SECONDS + 1
    watched.sees(100)

    assert not watched.acts


def test_failures_of_the_monolith_are_not_the_services(watched: Watched) -> None:
    watched.sees(50, side=MONOLITH, failed=True)
    watched.sees(50)

    assert not watched.acts


def test_a_slow_service_loses_its_share(watched: Watched) -> None:
    watched.sees(50, side=MONOLITH)
    watched.sees(20, seconds=1.5)

    [(_, reason)] = watched.acts
    assert "took 1500 ms or longer" in reason
    assert "10 ms in the monolith" in reason


def test_a_service_that_is_as_slow_as_the_monolith_keeps_its_share(watched: Watched) -> None:
    """A machine under load is no reason to call a service back."""
    watched.sees(50, side=MONOLITH, seconds=1.2)
    watched.sees(50, seconds=1.5)

    assert not watched.acts


def test_one_slow_request_in_twenty_is_let_pass(watched: Watched) -> None:
    watched.sees(95)
    watched.sees(4, seconds=3)

    assert not watched.acts


def test_after_it_has_acted_the_window_begins_anew(watched: Watched) -> None:
    while not watched.acts:
        watched.sees(1, failed=True)
    watched.sees(9, failed=True)  # what was on its way to the service still

    assert len(watched.acts) == 1


@pytest.mark.usefixtures("database")
class TestTakingBack:
    def _canary(self, **changes: Any) -> Where:
        values: dict[str, Any] = {
            "phase": Phase.DUAL_WRITE,
            "addresses": {"service": "http://127.0.0.1:1"},
            "shares": {"reads": 30, "writes": 10, "shadow": 5},
        }
        return change(read("catalog"), who="test", why="canary", **{**values, **changes})

    def test_both_shares_are_taken_back_and_the_record_says_by_whom_and_why(self) -> None:
        self._canary()

        assert take_back_shares("catalog", "It failed.")

        assert read("catalog").shares == {"reads": 0, "writes": 0, "shadow": 5}
        newest = history("catalog")[0]
        assert (newest.who, newest.why) == ("automatic", "It failed.")

    def test_a_repeat_changes_nothing(self) -> None:
        self._canary()
        take_back_shares("catalog", "It failed.")
        before = read("catalog")

        assert not take_back_shares("catalog", "It failed again.")
        assert read("catalog") == before

    @pytest.mark.parametrize("phase", [Phase.SWITCHED, Phase.SPLIT])
    def test_after_the_switch_nothing_is_taken_back(self, phase: Phase) -> None:
        before = self._canary(phase=phase)

        assert not take_back_shares("catalog", "It failed.")
        assert read("catalog") == before

    def test_of_several_processes_that_see_it_one_takes_the_shares_back(self) -> None:
        self._canary()

        def take() -> bool:
            try:
                return take_back_shares("catalog", "It failed.")
            finally:
                connections["default"].close()

        with ThreadPoolExecutor(6) as pool:
            taken = [pool.submit(take) for _ in range(6)]
            assert sum(one.result() for one in taken) == 1
        assert len(history("catalog")) == 2

    def test_a_change_in_between_is_not_written_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        late = self._canary()
        change(late, who="test", why="switch", phase=Phase.SWITCHED)
        known = [late]
        monkeypatch.setattr(canary, "read", lambda module: known.pop() if known else read(module))

        assert not take_back_shares("catalog", "It failed.")
        assert read("catalog").phase == Phase.SWITCHED
        with pytest.raises(RecordMoved):
            change(late, who="test", why="without looking", shares={})


@pytest.mark.usefixtures("database")
class TestUnderTraffic:
    @pytest.fixture(autouse=True)
    def _follows(self, settings: Any) -> Iterator[None]:
        name = connections["default"].settings_dict["NAME"]
        settings.EXTRACTION_RECORD_URL = admin_url(str(name)) + " options='-csearch_path=platform'"
        presence.start()
        yield
        presence.stop()

    def test_customers_get_their_pages_while_a_service_that_breaks_down_loses_its_share_within_five_seconds(
        self, front: Front, service: Service
    ) -> None:
        change(
            read("catalog"),
            who="test",
            why="canary",
            phase=Phase.SHARED_DATABASE,
            addresses={"service": service.address},
            shares={"reads": 100},
        )
        eventually(lambda: presence.where("catalog").share("reads") == 100, "the share is known")
        statuses: list[int] = []
        ending = threading.Event()

        def shop() -> None:
            while not ending.is_set():
                statuses.append(front.ask("GET", PRODUCTS).status)

        with ThreadPoolExecutor(3) as pool:
            for _ in range(3):
                pool.submit(shop)
            eventually(lambda: len(statuses) > 20, "the service answers customers")
            began = time.monotonic()

            def fails(handler: Handler, received: Received) -> None:
                answers(b"{}", 500)(handler, received)

            service.behaviour = fails
            try:
                eventually(lambda: read("catalog").share("reads") == 0, "the share is gone", seconds=10)
                took = time.monotonic() - began
                eventually(lambda: presence.where("catalog").share("reads") == 0, "and this process knows")
            finally:
                ending.set()

        assert took < 5
        assert set(statuses) == {200}
        assert history("catalog")[0].who == "automatic"
