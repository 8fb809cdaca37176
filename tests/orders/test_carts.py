from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from infra.contracts import resolve
from infra.identifiers import new_id
from infra.money import Money
from modules.catalog.contract import CatalogContract
from modules.orders.models import Cart, CartLine
from modules.orders.queries.carts import PricedCart, priced_cart
from modules.orders.use_cases import carts
from tests.orders.neighbours import costs_now, counts, is_here, sells, withdraws
from tests.orders.ordering import CUSTOMER

pytestmark = pytest.mark.usefixtures("database")


def opened(customer_id: UUID | None = CUSTOMER) -> Cart:
    return carts.open_cart(customer_id=customer_id, currency="EUR", opened_at=timezone.now())[0]


def add(cart: Cart, sku: str, pieces: int = 1, customer_id: UUID | None = CUSTOMER) -> None:
    carts.add_to_cart(
        cart_id=cart.id,
        customer_id=customer_id,
        reference=sku,
        quantity=pieces,
        added_at=timezone.now(),
        catalog=resolve(CatalogContract),
    )


def seen(cart: Cart, customer_id: UUID | None = CUSTOMER) -> PricedCart:
    shown = priced_cart(cart_id=cart.id, customer_id=customer_id, catalog=resolve(CatalogContract))
    assert shown is not None
    return shown


def problems(cart: Cart) -> list[str]:
    return [problem.code for problem in seen(cart).problems]


def test_a_customer_keeps_one_cart_and_a_guest_gets_a_new_one_each_time() -> None:
    assert opened().id == opened().id
    assert opened(None).id != opened(None).id


def test_the_same_variant_added_twice_makes_one_line() -> None:
    sku, cart = sells(price=1200), opened()

    add(cart, sku, 1)
    add(cart, sku, 2)

    (line,) = seen(cart).lines
    assert (line.quantity, line.unit_price.amount, line.total.amount) == (3, 1200, 3600)
    assert seen(cart).total.amount == 3600


def test_a_cart_says_everything_that_is_wrong_with_it_at_once() -> None:
    cart = opened()
    for sku in (sells("GONE", pieces=5), sells("SCARCE", pieces=5), sells("DEARER", pieces=5)):
        add(cart, sku, 3)
    counts("SCARCE", -3)
    costs_now("DEARER", 1300)
    withdraws("GONE")

    by_code = {problem.code: problem for problem in seen(cart).problems}

    assert set(by_code) == {"out_of_stock", "price_changed", "not_on_sale"}
    assert by_code["out_of_stock"].available == 2
    changed = by_code["price_changed"]
    assert changed.price_seen == Money(1200, "EUR")
    assert changed.price_now == Money(1300, "EUR")


def test_an_empty_cart_says_so() -> None:
    assert problems(opened()) == ["empty_cart"]


def test_setting_the_quantity_accepts_the_new_price() -> None:
    sku, cart = sells(price=1200), opened()
    add(cart, sku)
    costs_now(sku, 1300)
    assert problems(cart) == ["price_changed"]

    carts.change_quantity(
        cart_id=cart.id,
        customer_id=CUSTOMER,
        line_id=seen(cart).lines[0].id,
        quantity=1,
        changed_at=timezone.now(),
        catalog=resolve(CatalogContract),
    )

    assert problems(cart) == []


def test_a_removed_line_is_gone_and_cannot_be_removed_again() -> None:
    sku, cart = sells(), opened()
    add(cart, sku)
    line_id = seen(cart).lines[0].id

    carts.remove_from_cart(cart_id=cart.id, customer_id=CUSTOMER, line_id=line_id, removed_at=timezone.now())

    assert seen(cart).lines == ()
    with pytest.raises(carts.LineNotFound):
        carts.remove_from_cart(cart_id=cart.id, customer_id=CUSTOMER, line_id=line_id, removed_at=timezone.now())


def test_what_is_not_sold_does_not_get_into_a_cart() -> None:
    cart = opened()

    with pytest.raises(carts.NotOnSale):
        add(cart, "NOWHERE")

    assert seen(cart).lines == ()


def test_a_cart_takes_999_pieces_of_a_variant_and_not_one_more() -> None:
    sku, cart = sells(pieces=2000), opened()
    add(cart, sku, 999)

    with pytest.raises(carts.CartFull):
        add(cart, sku, 1)

    assert seen(cart).lines[0].quantity == 999


def test_somebody_elses_cart_is_not_found_and_a_guests_is_known_by_its_id() -> None:
    mine, guests = opened(), opened(None)
    stranger = new_id()

    assert priced_cart(cart_id=mine.id, customer_id=stranger, catalog=resolve(CatalogContract)) is None
    assert priced_cart(cart_id=mine.id, customer_id=None, catalog=resolve(CatalogContract)) is None
    assert priced_cart(cart_id=guests.id, customer_id=stranger, catalog=resolve(CatalogContract)) is not None
    with pytest.raises(carts.CartNotFound):
        add(mine, sells(), customer_id=stranger)


def test_at_sign_in_the_guests_cart_moves_into_the_customers_once() -> None:
    both, only_guest = sells("BOTH"), sells("GUEST")
    own, guests = opened(), opened(None)
    add(own, both, 1)
    add(guests, both, 3, None)
    add(guests, only_guest, 2, None)

    for _ in range(2):
        merged = carts.merge_carts(guest_cart_id=guests.id, customer_id=CUSTOMER, merged_at=timezone.now())
        assert merged.id == own.id
        assert {line.sku: line.quantity for line in seen(own).lines} == {"BOTH": 3, "GUEST": 2}

    with pytest.raises(carts.CartClosed):
        add(guests, both, 1, None)


def test_the_queries_of_a_cart_do_not_grow_with_its_lines() -> None:
    cart = opened()
    made = []
    for lines in (1, 100):
        while CartLine.objects.filter(cart=cart).count() < lines:
            number = CartLine.objects.filter(cart=cart).count()
            add(cart, sells(f"SKU-{number}"))
        with ExitStack() as stack:
            aliases = ["orders", *(["catalog"] if is_here("catalog") else [])]
            asked = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in aliases]
            assert len(seen(cart).lines) == lines
        made.append([len(queries) for queries in asked])

    assert made[0] == made[1] == ([2, 1] if is_here("catalog") else [2])


def test_only_old_carts_of_guests_are_forgotten() -> None:
    old, young, own = opened(None), opened(None), opened()
    long_ago = timezone.now() - timedelta(days=100)
    Cart.objects.filter(id__in=[old.id, own.id]).update(updated_at=long_ago)

    assert carts.forget_abandoned_carts(untouched_since=timezone.now() - timedelta(days=90)) == 1

    assert set(Cart.objects.values_list("id", flat=True)) == {young.id, own.id}
