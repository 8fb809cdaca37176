from __future__ import annotations

import pytest
from django.db import IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from infra.databases.insertion import insert_together
from infra.identifiers import new_id
from modules.orders.models import Cart, CartLine

pytestmark = pytest.mark.usefixtures("database")


def a_cart_and_lines(*quantities: int) -> tuple[Cart, list[CartLine]]:
    cart = Cart(currency="EUR", created_at=timezone.now(), updated_at=timezone.now())
    lines = [
        CartLine(
            cart=cart,
            variant_id=new_id(),
            product_id=new_id(),
            sku='"odd" ☃',
            name="Lamp",
            quantity=n,
            price_seen=2**40,
        )
        for n in quantities
    ]
    return cart, lines


def test_rows_of_several_tables_go_in_with_one_statement_and_come_back_as_they_were() -> None:
    cart, lines = a_cart_and_lines(1, 2)

    with CaptureQueriesContext(connections["orders"]) as queries:
        insert_together([[cart], lines], using="orders")

    assert len(queries) == 1
    stored = Cart.objects.get(id=cart.id)
    assert (stored.created_at, stored.customer_id, stored.version) == (cart.created_at, None, 1)
    assert [(line.sku, line.quantity, line.price_seen) for line in stored.lines.order_by("quantity")] == [
        ('"odd" ☃', 1, 2**40),
        ('"odd" ☃', 2, 2**40),
    ]
    cart.currency = "USD"
    cart.save()
    assert Cart.objects.get(id=cart.id).currency == "USD"


def test_a_row_that_breaks_a_constraint_keeps_all_of_them_out() -> None:
    cart, lines = a_cart_and_lines(1, 1000)

    with pytest.raises(IntegrityError, match="cart_quantity_in_range"), transaction.atomic(using="orders"):
        insert_together([[cart], lines], using="orders")

    assert not Cart.objects.exists()


def test_nothing_to_insert_asks_the_database_nothing() -> None:
    with CaptureQueriesContext(connections["orders"]) as queries:
        insert_together([[], []], using="orders")

    assert len(queries) == 0
