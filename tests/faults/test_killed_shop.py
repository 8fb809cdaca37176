"""kill -9 of every web process in the middle of checkouts, and what is found after the restart."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone

from infra.identifiers import new_id
from modules.catalog.models import Stock
from modules.orders.models import Checkout, Order
from modules.payments.models import Payment
from modules.payments.queries.reconciliation import open_items
from modules.shipping.models import Shipment
from tests.orders.http.test_orders import wish
from tests.orders.neighbours import sells
from tests.shop_process import ShopProcess

pytestmark = pytest.mark.usefixtures("database")

PIECES = 1000
BUYERS = 6
KILLS = 2
METHODS = ("card", "card", "card_declined", "card_timeout", "card_error")
# After a restart the leases of dead drivers run out (20 s at most, for the payment step) and the completer comes by.
SETTLED_WITHIN_SECONDS = 90.0


def test_checkouts_cut_off_by_kill_9_end_confirmed_or_fully_compensated(tmp_path: Path) -> None:
    sku = sells(pieces=PIECES)
    sent: dict[str, dict[str, Any]] = {}
    with ShopProcess(tmp_path) as shop:
        for _ in range(KILLS):
            _buy_until_killed(shop, sku, sent)
            shop.start()
        _wait_until_every_checkout_has_ended()
        with httpx.Client(base_url=shop.url, timeout=30) as client:
            answers = {key: _order_again(client, body) for key, body in sent.items()}

    orders = {order.idempotency_key: order for order in Order.objects.all()}
    assert set(Order.objects.values_list("status", flat=True)) <= {"CONFIRMED", "CANCELLED"}
    assert len(orders) > BUYERS
    for key, answer in answers.items():
        assert answer in (201, 202, 402), "an order that was sent again is answered with its outcome"
        assert key in orders, "every request that was sent again made its order"
    confirmed = [order for order in orders.values() if order.status == "CONFIRMED"]
    _check_stock(sold=2 * len(confirmed))
    _check_money(orders.values())
    _check_parcels(orders.values())


def _buy_until_killed(shop: ShopProcess, sku: str, sent: dict[str, dict[str, Any]]) -> None:
    """Let buyers order one after the other; kill the shop as soon as some checkouts are under way and some have ended."""
    over = threading.Event()
    answered = itertools.count()
    enough = threading.Event()

    def buyer(number: int) -> None:
        with httpx.Client(base_url=shop.url, timeout=30) as client:
            for method in itertools.cycle(METHODS[number % 5 :] + METHODS[: number % 5]):
                if over.is_set():
                    return
                body = wish(sku, paymentMethod=method, idempotencyKey=str(new_id()))
                sent[body["idempotencyKey"]] = body
                try:
                    client.post("/api/v1/orders", json=body)
                except httpx.TransportError:
                    return
                if next(answered) >= 2 * BUYERS:
                    enough.set()

    with ThreadPoolExecutor(BUYERS) as pool:
        buyers = [pool.submit(buyer, number) for number in range(BUYERS)]
        assert enough.wait(60)
        _wait_for(lambda: Checkout.objects.exclude(state="SETTLED").exclude(step="reserve_stock").exists(), 30)
        shop.kill()
        over.set()
        for each in buyers:
            each.result(timeout=60)


def _order_again(client: httpx.Client, body: dict[str, Any]) -> int:
    """Send an order again as its client would, until its key is free."""
    status = 0

    def is_answered() -> bool:
        nonlocal status
        answer = client.post("/api/v1/orders", json=body)
        status = answer.status_code
        return status != 409 or answer.json()["code"] != "idempotency_in_progress"

    _wait_for(is_answered, SETTLED_WITHIN_SECONDS, pause=0.5)
    return status


def _wait_until_every_checkout_has_ended() -> None:
    _wait_for(lambda: not Checkout.objects.exclude(state="SETTLED").exists(), SETTLED_WITHIN_SECONDS, pause=0.1)


def _wait_for(condition: Callable[[], bool], seconds: float, *, pause: float = 0.01) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, list(Checkout.objects.exclude(state="SETTLED").values())
        threading.Event().wait(pause)


def _check_stock(*, sold: int) -> None:
    stock = Stock.objects.get()
    assert (stock.reserved, stock.on_hand) == (0, PIECES - sold)


def _check_money(orders: Iterable[Order]) -> None:
    payments = {payment.order_id: payment for payment in Payment.objects.all()}
    for order in orders:
        payment = payments.get(order.id)
        kept = payment.captured - payment.refunded if payment else 0
        assert kept == (order.total_amount if order.status == "CONFIRMED" else 0), order.number
    assert open_items(now=timezone.now()) == [], "the provider's book and ours agree"


def _check_parcels(orders: Iterable[Order]) -> None:
    parcels = {parcel.order_id: parcel.status for parcel in Shipment.objects.all()}
    for order in orders:
        if order.status == "CONFIRMED":
            assert parcels[order.id] != "CANCELLED"
        else:
            assert parcels.get(order.id, "CANCELLED") == "CANCELLED"
