"""Switch after switch, there and back, while customers write: real web processes, the real record, and nobody notices."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from infra.extraction.record.acknowledging import await_acknowledged
from infra.extraction.record.changing import change, read
from infra.extraction.record.values import Phase, Where
from modules.orders.models import Cart
from tests.infra.facade.service import Service, answers
from tests.shop_process import ShopProcess
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")

SWITCHES = 6
CUSTOMERS = 6
# What a switch waits for between hold and release: its last step and its commit.
_PAUSE_SECONDS = 0.05


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopProcess]:
    with ShopProcess(tmp_path, workers=2, environment={"EVENTS_RELAY_IN_WEB": "no"}) as running:
        yield running


def _change(before: Where, **values: object) -> Where:
    after = change(before, who="test", why="under load", **values)
    await_acknowledged(after.revision, 15)
    return after


def test_no_write_fails_and_each_is_done_once_through_switches_there_and_back(
    shop: ShopProcess, service: Service
) -> None:
    service.behaviour = answers(b'{"from":"service"}', 201)
    where = _change(read("orders"), phase=Phase.DUAL_WRITE, addresses={"service": service.address})
    ending = threading.Event()
    answered: list[tuple[int, str, float]] = []

    def buys() -> None:
        with httpx.Client(base_url=shop.url, timeout=30) as client:
            while not ending.is_set():
                began = time.monotonic()
                answer = client.post("/api/v1/orders/carts")
                side = "service" if "from" in answer.json() else "monolith"
                answered.append((answer.status_code, side, time.monotonic() - began))
                if answer.status_code != 201:
                    answered.append((answer.status_code, json.dumps(answer.json()), 0.0))

    with ThreadPoolExecutor(CUSTOMERS) as pool:
        asked = [pool.submit(buys) for _ in range(CUSTOMERS)]
        try:
            for number in range(SWITCHES):
                before = len(answered)
                eventually(lambda before=before: len(answered) > before + 20, "customers write")  # type: ignore[misc]
                where = _change(where, hold=True)
                at_rest = len(service.received), Cart.objects.count()
                threading.Event().wait(_PAUSE_SECONDS)
                # Acknowledged means drained: nobody writes on either side.
                assert (len(service.received), Cart.objects.count()) == at_rest or where.phase == Phase.SWITCHED
                goes_there = number % 2 == 0
                where = _change(
                    where,
                    hold=False,
                    epoch=where.epoch + 1,
                    phase=Phase.SWITCHED if goes_there else Phase.DUAL_WRITE,
                )
        finally:
            ending.set()
        for one in asked:
            one.result()

    assert {status for status, _, _ in answered} == {201}, answered[-3:]
    sides = [side for _, side, _ in answered]
    assert sides.count("service") == len(service.received) > 0
    assert sides.count("monolith") == Cart.objects.count() > 0
    assert max(seconds for _, _, seconds in answered) < 2.5
