from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from infra.events.models import OutboxEvent
from modules.catalog.contract import OutOfStock
from modules.orders.models import Cart, Order
from modules.orders.use_cases import carts
from modules.orders.use_cases.carts import NotOnSale
from modules.orders.use_cases.ordering import AlreadyPlaced, CartChanged, PriceChanged, earlier_order
from modules.payments.contract import UnknownPaymentMethod
from tests.orders.neighbours import sells
from tests.orders.ordering import CUSTOMER, placed
from tests.orders.partners import Switchboard

pytestmark = pytest.mark.usefixtures("database")


def test_an_order_keeps_the_price_and_the_name_of_its_moment() -> None:
    order = placed(sells("LAMP", price=1200), pieces=2, price_seen=1200)

    line = order.lines.get()
    assert (line.sku, line.name, line.unit_amount, line.quantity, line.total_amount) == ("LAMP", "Lamp", 1200, 2, 2400)
    assert (order.status, order.total_amount) == ("PENDING", 2400)
    assert list(OutboxEvent.objects.using("orders").values_list("name", flat=True)) == ["orders.order_placed.v1"]


def test_a_price_that_is_no_longer_true_orders_nothing_and_says_the_new_one() -> None:
    sku = sells("LAMP", price=1300)

    with pytest.raises(PriceChanged) as refusal:
        placed(sku, price_seen=1200)

    assert refusal.value.members == {
        "currency": "EUR",
        "prices": [{"productId": "LAMP", "sku": "LAMP", "priceSeen": 1200, "price": 1300}],
    }
    nothing_was_recorded()


def test_more_than_there_is_orders_nothing() -> None:
    sku = sells(pieces=3)

    with pytest.raises(OutOfStock) as refusal:
        placed(sku, pieces=4)

    assert refusal.value.members["shortages"][0]["available"] == 3
    nothing_was_recorded()


def test_what_nobody_sells_orders_nothing() -> None:
    with pytest.raises(NotOnSale) as refusal:
        placed("NOWHERE")

    assert refusal.value.members == {"productIds": ["NOWHERE"]}
    nothing_was_recorded()


def test_a_way_of_paying_that_is_not_offered_orders_nothing() -> None:
    with pytest.raises(UnknownPaymentMethod):
        placed(sells(), method="shells")

    nothing_was_recorded()


def test_a_retried_request_places_and_announces_one_order() -> None:
    sku = sells()

    first = placed(sku, key="once")
    with pytest.raises(AlreadyPlaced):
        placed(sku, key="once")

    assert earlier_order(customer_id=CUSTOMER, idempotency_key="once", cart_id=None) == first
    assert OutboxEvent.objects.using("orders").count() == 1


def test_the_same_key_at_the_same_moment_places_one_order() -> None:
    sku = sells(pieces=100)
    partners = Switchboard().partners()

    def attempt(_: int) -> object:
        try:
            return placed(sku, key="once", partners=partners).id
        except AlreadyPlaced:
            return "already placed"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))

    assert outcomes.count("already placed") == 7
    assert Order.objects.get().id in outcomes


def test_a_cart_is_ordered_once_whatever_the_key() -> None:
    sku = sells()
    cart = filled_cart(sku)

    first = placed(sku, cart=(cart.id, cart.version))
    with pytest.raises(AlreadyPlaced):
        placed(sku, cart=(cart.id, cart.version))

    assert earlier_order(customer_id=CUSTOMER, idempotency_key="another", cart_id=cart.id) == first
    cart.refresh_from_db()
    assert cart.state == "ORDERED"


def test_a_cart_that_was_edited_meanwhile_is_not_ordered() -> None:
    sku = sells()
    cart = filled_cart(sku)

    with pytest.raises(CartChanged):
        placed(sku, cart=(cart.id, cart.version - 1))

    nothing_was_recorded()
    cart.refresh_from_db()
    assert cart.state == "OPEN"


def filled_cart(sku: str) -> Cart:
    cart, _ = carts.open_cart(customer_id=CUSTOMER, currency="EUR", opened_at=timezone.now())
    carts.add_to_cart(
        cart_id=cart.id,
        customer_id=CUSTOMER,
        reference=sku,
        quantity=2,
        added_at=timezone.now(),
        catalog=Switchboard().partners().catalog,
    )
    cart.refresh_from_db()
    return cart


def nothing_was_recorded() -> None:
    assert not Order.objects.exists()
    assert not OutboxEvent.objects.using("orders").exists()
