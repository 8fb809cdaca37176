"""Real web processes: what they saw is in the table soon, at the latest when they end, and outlives kill -9."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from infra.boundaries.observation.reading import entry_points, observed_arrows
from infra.boundaries.observation.storing import SECONDS_BETWEEN_STORES
from tests.shop_process import ShopProcess
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")

ROUTE = "GET /api/v1/catalog/categories"


def seen() -> int:
    return sum(entry.journeys for entry in entry_points() if entry.entry == ROUTE)


def ask(shop: ShopProcess, times: int) -> None:
    for _ in range(times):
        assert httpx.get(f"{shop.url}/api/v1/catalog/categories").status_code == 200


def test_what_was_stored_outlives_kill_9_and_what_was_not_is_stored_at_a_regular_end(tmp_path: Path) -> None:
    with ShopProcess(tmp_path) as shop:
        ask(shop, 20)
        eventually(lambda: seen() == 20, "the requests are stored", seconds=10 * SECONDS_BETWEEN_STORES)
        shop.kill()
        assert seen() == 20

        shop.start()
        ask(shop, 5)
        shop.stop()

    assert seen() == 25


def test_a_shop_that_does_not_want_to_be_watched_is_not(tmp_path: Path) -> None:
    with ShopProcess(tmp_path, environment={"OBSERVE_BOUNDARIES": "no"}) as shop:
        ask(shop, 3)

    assert seen() == 0
    assert observed_arrows() == []
