"""What a customer meets, from the first search to the refund, over a real socket."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from infra.contracts import resolve
from infra.money import Money
from modules.catalog.contract import CatalogContract
from modules.payments.queries.ledger import trial_balance
from modules.payments.queries.reconciliation import open_items
from tests.catalog import factories
from tests.journeys.shopping import (
    HOME,
    Shopper,
    StaffMember,
    background_work,
    the_pause_of_the_carrier_passes,
    until,
)

pytestmark = pytest.mark.usefixtures("database")

ANNA = "anna@example.com"


@pytest.fixture
def lamp() -> str:
    """A lamp for 19.90, ten in stock; its SKU."""
    return factories.product("Ceramic Table Lamp", sku="LAMP-1", price=Money(1990, "EUR"), on_hand=10).sku


@pytest.fixture
def anna(live_server_address: str) -> Any:
    with Shopper(live_server_address) as shopper:
        shopper.register(ANNA)
        yield shopper


def in_stock(sku: str) -> int:
    return resolve(CatalogContract).offers(references=[sku], currency="EUR")[sku].available


def assert_the_books_balance() -> None:
    balances = Counter[str]()
    for account in trial_balance():
        balances[account.currency] += account.balance
    assert set(balances.values()) <= {0}
    assert open_items(now=timezone.now()) == []


def subjects(email: str = ANNA) -> list[str]:
    background_work()
    return [str(message.subject) for message in mail.outbox if email in message.to]


def test_a_customer_searches_with_a_typo_buys_follows_cancels_and_gets_the_money_back(anna: Shopper, lamp: str) -> None:
    found = anna.get("/catalog/products", q="cermaic lamp")["data"]
    assert [product["name"] for product in found] == ["Ceramic Table Lamp"]
    detail = anna.get(f"/catalog/products/{found[0]['slug']}")
    assert detail["variants"][0] | {"sku": lamp, "price": {"amount": 1990, "currency": "EUR"}} == detail["variants"][0]

    order = anna.buys(lamp, price=1990, quantity=2)

    assert (order["status"], order["total"]) == ("CONFIRMED", {"amount": 3980, "currency": "EUR"})
    assert order["payment"]["status"] == "CAPTURED"
    assert order["shipment"]["status"] == "READY"
    assert in_stock(lamp) == 8
    assert [listed["id"] for listed in anna.get("/orders")["data"]] == [order["id"]]
    assert any(order["number"] in subject for subject in subjects())

    cancelled = anna.post(f"/orders/{order['id']}/cancel", expect=200)

    assert (cancelled["status"], cancelled["cancellationReason"]) == ("CANCELLED", "customer_request")
    payment = anna.get(f"/payments/{order['payment']['id']}")
    assert payment["status"] == "REFUNDED"
    assert anna.get(f"/shipping/shipments/{order['shipment']['id']}")["status"] == "CANCELLED"
    assert in_stock(lamp) == 10
    told = subjects()
    assert len(told) == len(set(told)) == 4, told  # address, confirmation, cancellation, refund
    assert_the_books_balance()


@pytest.mark.parametrize(
    ("card", "outcomes", "status"),
    [
        ("card", (201,), "CONFIRMED"),
        ("card_timeout", (201, 202), "CONFIRMED"),
        ("card_error", (201, 202), "CONFIRMED"),
    ],
)
def test_a_card_that_works_or_works_in_the_end_is_charged_once(
    anna: Shopper, lamp: str, card: str, outcomes: tuple[int, ...], status: str
) -> None:
    order = anna.buys(lamp, price=1990, card=card, expect=outcomes)

    order = anna.follows(order["id"])

    assert order["status"] == status
    payment = anna.get(f"/payments/{order['payment']['id']}")
    assert (payment["status"], payment["captured"]) == ("CAPTURED", {"amount": 1990, "currency": "EUR"})
    assert in_stock(lamp) == 9
    assert sum(order["number"] in subject for subject in subjects()) == 1
    assert_the_books_balance()


def test_a_declined_card_leaves_nothing_behind_but_the_reason(anna: Shopper, lamp: str) -> None:
    problem = anna.buys(lamp, price=1990, card="card_declined", expect=402)

    assert (problem["code"], problem["status"]) == ("payments.declined", 402)
    order = anna.get(f"/orders/{problem['orderId']}")
    assert (order["status"], order["cancellationReason"]) == ("CANCELLED", "payments.declined")
    assert in_stock(lamp) == 10
    assert_the_books_balance()


def test_a_price_that_has_changed_is_told_and_nothing_is_ordered(anna: Shopper, lamp: str) -> None:
    problem = anna.buys(lamp, price=1790, expect=409)

    assert "1990" in str(problem)
    assert anna.get("/orders")["data"] == []
    assert in_stock(lamp) == 10


@override_settings(BUILT_IN_CARRIER_TRANSIT_SECONDS=1)
def test_staff_dispatch_the_parcel_and_the_customer_follows_it_to_the_door(
    anna: Shopper, lamp: str, live_server_address: str
) -> None:
    order = anna.buys(lamp, price=1990)
    background_work()

    with StaffMember(live_server_address) as staff:
        dispatched = staff.dispatches(order["shipment"]["id"])
    assert dispatched["status"] == "DISPATCHED"

    with Shopper(live_server_address) as anybody:
        tracked = until(
            lambda: anybody.get(f"/shipping/track/{dispatched['trackingNumber']}"),
            lambda parcel: parcel["status"] == "DELIVERED",
            in_between=the_pause_of_the_carrier_passes,
        )
    assert [event["description"] for event in tracked["events"]][-1] == "Delivered"
    assert ANNA not in str(tracked)
    refusal = anna.post(f"/orders/{order['id']}/cancel", expect=409)
    assert (refusal["code"], refusal["reason"]) == ("orders.cancellation_refused", "shipping.already_dispatched")
    background_work()
    followed = anna.get(f"/orders/{order['id']}")
    assert followed["shipment"]["status"] == "DELIVERED"
    told = subjects()
    assert len(told) == len(set(told)) == 4, told  # address, confirmation, dispatch, delivery
    assert_the_books_balance()


def test_a_guest_buys_a_cart_with_nothing_but_an_e_mail_address(live_server_address: str, lamp: str) -> None:
    shade = factories.product("Lamp Shade", sku="SHADE-1", price=Money(500, "EUR"), on_hand=3).sku
    with Shopper(live_server_address) as guest:
        cart = guest.post("/orders/carts")
        guest.post(f"/orders/carts/{cart['id']}/lines", {"productId": lamp, "quantity": 1})
        cart = guest.post(f"/orders/carts/{cart['id']}/lines", {"productId": shade, "quantity": 2})
        assert (cart["total"], cart["problems"]) == ({"amount": 2990, "currency": "EUR"}, [])

        body = {
            "cartId": cart["id"],
            "email": "guest@example.com",
            "shippingAddress": HOME,
            "paymentMethod": "card",
            "idempotencyKey": "a guest's only key",
        }
        refused = guest.post("/orders", body, expect=(400, 422))
        order = guest.post("/orders", body | {"idempotencyKey": "a-guests-only-key"})
        again = guest.post("/orders", body | {"idempotencyKey": "a-guests-only-key"})

        assert refused["status"] in (400, 422)
        assert (order["status"], order["total"]) == ("CONFIRMED", {"amount": 2990, "currency": "EUR"})
        assert again["id"] == order["id"]
        assert guest.get(f"/orders/{order['id']}")["number"] == order["number"]
        assert guest.get(f"/shipping/shipments/{order['shipment']['id']}")["orderId"] == order["id"]
    assert any(order["number"] in subject for subject in subjects("guest@example.com"))
    assert_the_books_balance()


def test_nobody_sees_what_belongs_to_another(anna: Shopper, lamp: str, live_server_address: str) -> None:
    order = anna.buys(lamp, price=1990)

    with Shopper(live_server_address) as guest, Shopper(live_server_address) as ben:
        ben.register("ben@example.com")
        for stranger in (guest, ben):
            stranger.get(f"/orders/{order['id']}", expect=404)
            stranger.get(f"/payments/{order['payment']['id']}", expect=404)
            stranger.get(f"/shipping/shipments/{order['shipment']['id']}", expect=404)
            stranger.post(f"/orders/{order['id']}/cancel", expect=404)
        assert ben.get("/orders")["data"] == []
        ben.get(f"/users/me/addresses/{anna.address_id}", expect=404)
        borrowed = {
            "items": [{"productId": lamp, "quantity": 1}],
            "shippingAddressId": anna.address_id,
            "paymentMethod": "card",
            "idempotencyKey": "ben-1",
        }
        assert ben.post("/orders", borrowed, expect=422)["code"] == "users.address_not_found"
