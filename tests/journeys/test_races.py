"""Many at the same moment, over real sockets: nothing is sold twice, and nothing is ordered twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.utils import timezone

from infra.contracts import resolve
from infra.money import Money
from modules.catalog.contract import CatalogContract
from modules.catalog.models import Stock
from modules.orders.models import Order
from modules.payments.models import Payment
from modules.payments.queries.reconciliation import open_items
from modules.shipping.models import Shipment
from tests.catalog import factories
from tests.journeys.shopping import HOME, background_work

pytestmark = pytest.mark.usefixtures("database")

BUYERS = 50
PIECES = 10
REPEATS = 20
# A server may answer that it is busy, or that the first of several equal requests is still running.
TRY_AGAIN = (429, 503, 504)


def at_once(address: str, acts: list[Callable[[httpx.Client], httpx.Response]]) -> list[httpx.Response]:
    """Have each act done at the same moment, by a client of its own in a thread of its own."""
    starting = threading.Barrier(len(acts))

    def run(act: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        with httpx.Client(base_url=address, timeout=120) as client:
            starting.wait(timeout=60)
            answer = act(client)
            while answer.status_code in TRY_AGAIN:
                answer = act(client)
            return answer

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def order_of(sku: str, *, buyer: int, key: str) -> Callable[[httpx.Client], httpx.Response]:
    body = {
        "items": [{"productId": sku, "quantity": 1, "price": 1990}],
        "email": f"buyer{buyer}@example.com",
        "shippingAddress": HOME,
        "paymentMethod": "card",
        "idempotencyKey": key,
    }
    return lambda client: client.post("/api/v1/orders", json=body)


def test_fifty_buyers_for_ten_pieces_get_exactly_ten(live_server_address: str) -> None:
    sku = factories.product("Rare Lamp", price=Money(1990, "EUR"), on_hand=PIECES).sku

    answers = at_once(
        live_server_address, [order_of(sku, buyer=number, key=f"buyer-{number}") for number in range(BUYERS)]
    )

    assert Counter(answer.status_code for answer in answers) == {201: PIECES, 409: BUYERS - PIECES}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"catalog.out_of_stock"}
    assert {answer.json()["status"] for answer in answers if answer.status_code == 201} == {"CONFIRMED"}
    stock = Stock.objects.get()
    assert (stock.on_hand, stock.reserved) == (0, 0)
    assert resolve(CatalogContract).offers(references=[sku], currency="EUR")[sku].available == 0
    background_work()
    assert Order.objects.filter(status="CONFIRMED").count() == PIECES
    assert not Order.objects.filter(status="PENDING").exists()
    assert sum(payment.captured - payment.refunded for payment in Payment.objects.all()) == PIECES * 1990
    assert Shipment.objects.exclude(status="CANCELLED").count() == PIECES
    assert open_items(now=timezone.now()) == []


def test_the_same_order_sent_twenty_times_at_once_is_one_order(live_server_address: str) -> None:
    sku = factories.product("Lamp", price=Money(1990, "EUR"), on_hand=100).sku

    answers = at_once(live_server_address, [order_of(sku, buyer=1, key="the-only-key")] * REPEATS)

    answered = [answer for answer in answers if answer.status_code == 201]
    running = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert len(answered) + len(running) == REPEATS
    assert answered
    assert set(running) <= {"idempotency_in_progress"}
    assert len({answer.json()["id"] for answer in answered}) == 1
    assert Order.objects.count() == 1
    assert Payment.objects.get().captured == 1990
    assert Stock.objects.get().on_hand == 99
    (again,) = at_once(live_server_address, [order_of(sku, buyer=1, key="the-only-key")])
    assert (again.status_code, again.json()["id"]) == (201, answered[0].json()["id"])
