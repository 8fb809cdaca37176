"""What the database itself refuses, planted one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connections, transaction

from infra.identifiers import new_id
from modules.orders.models import Cart, CartLine, Checkout, HistoryEntry, Order, OrderLine

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def recorded(**changes: Any) -> Order:
    """Return an order of two pieces at 12.00, as `place_order` records it, with some fields otherwise."""
    facts: dict[str, Any] = {
        "number": str(new_id())[-9:],
        "email": "ann@example.com",
        "address": {"name": "Ann"},
        "idempotency_key": str(new_id()),
        "placed_at": NOON,
        "currency": "EUR",
        "goods_amount": 2400,
        "shipping_amount": 0,
        "total_amount": 2400,
        "payment_method": "card",
        "shipping_rate": "standard",
    } | changes
    with transaction.atomic(using="orders"):
        order = Order.objects.create(**facts)
        line(order)
    return order


def line(order: Order, **changes: Any) -> OrderLine:
    facts: dict[str, Any] = {
        "position": 1,
        "variant_id": new_id(),
        "product_id": new_id(),
        "sku": "P-1",
        "name": "Lamp",
        "slug": "lamp",
        "quantity": 2,
        "unit_amount": 1200,
        "total_amount": 2400,
        "weight_grams": 100,
    } | changes
    return OrderLine.objects.create(order=order, **facts)


@pytest.mark.parametrize(
    ("field", "value"),
    [("total_amount", 1), ("email", "other@example.com"), ("address", {"name": "Eve"}), ("number", "OTHER")],
)
def test_the_snapshot_of_an_order_never_changes(field: str, value: object) -> None:
    order = recorded()

    with pytest.raises(IntegrityError, match=r"snapshot never changes|adds_up"):
        Order.objects.filter(id=order.id).update(**{field: value})


def test_lines_that_do_not_add_up_are_refused_at_commit() -> None:
    with pytest.raises(IntegrityError, match="do not add up"):
        recorded(goods_amount=2300, total_amount=2300)

    assert not Order.objects.exists()


def test_an_order_without_lines_is_refused_at_commit() -> None:
    order = recorded()
    order.pk = new_id()
    order.number, order.idempotency_key = "WITHOUT", "another"

    with pytest.raises(IntegrityError, match="do not add up"):
        order.save(force_insert=True)


def test_a_line_added_after_the_order_was_placed_is_refused() -> None:
    order = recorded()

    with pytest.raises(IntegrityError, match="complete"):
        line(order, position=2)


def test_a_line_whose_total_is_not_price_times_quantity_is_refused() -> None:
    with pytest.raises(IntegrityError, match="order_line_total_adds_up"), transaction.atomic(using="orders"):
        line(recorded(), position=2, total_amount=2399)


def test_lines_orders_and_history_are_never_changed_or_deleted() -> None:
    order = recorded()
    entry = HistoryEntry.objects.create(order=order, at=NOON, event="placed")

    for statement, id_ in (
        ("UPDATE orders_orderline SET quantity = 1 WHERE order_id = %s", order.id),
        ("DELETE FROM orders_orderline WHERE order_id = %s", order.id),
        ("UPDATE orders_historyentry SET event = 'x' WHERE id = %s", entry.id),
        ("DELETE FROM orders_historyentry WHERE id = %s", entry.id),
        ("DELETE FROM orders_order WHERE id = %s", order.id),
    ):
        assert refusal(statement, id_).endswith("is append-only"), statement


@pytest.mark.parametrize(
    ("before", "after"), [("CANCELLED", "CONFIRMED"), ("CANCELLED", "PENDING"), ("CONFIRMED", "PENDING")]
)
def test_an_order_that_ended_does_not_come_back(before: str, after: str) -> None:
    order = recorded(status=before)

    with pytest.raises(IntegrityError, match=f"from {before} to {after}"):
        Order.objects.filter(id=order.id).update(status=after)


def test_one_buyer_and_key_make_one_order() -> None:
    customer = new_id()
    recorded(customer_id=customer, idempotency_key="k")
    recorded(customer_id=new_id(), idempotency_key="k")  # somebody else's key of the same text
    recorded(customer_id=None, idempotency_key="k")

    with pytest.raises(IntegrityError, match="one_order_per_customer_and_key"):
        recorded(customer_id=customer, idempotency_key="k")
    with pytest.raises(IntegrityError, match="one_guest_order_per_key"):
        recorded(customer_id=None, idempotency_key="k")


def test_a_cart_is_ordered_once() -> None:
    cart_id = new_id()
    recorded(cart_id=cart_id)

    with pytest.raises(IntegrityError, match="cart_id"):
        recorded(cart_id=cart_id)


def test_more_than_the_total_is_never_refunded() -> None:
    order = recorded()

    with pytest.raises(IntegrityError, match="order_refund_within_total"):
        Order.objects.filter(id=order.id).update(refunded_amount=2401)


def test_a_customer_has_one_open_cart() -> None:
    customer = new_id()
    cart(customer_id=customer)

    with pytest.raises(IntegrityError, match="one_open_cart_per_customer"):
        cart(customer_id=customer)


@pytest.mark.parametrize("quantity", [0, 1000])
def test_a_cart_line_holds_1_to_999_pieces(quantity: int) -> None:
    with pytest.raises(IntegrityError, match="cart_quantity_in_range"):
        CartLine.objects.create(
            cart=cart(), variant_id=new_id(), product_id=new_id(), sku="P", name="Lamp", quantity=quantity, price_seen=1
        )


def test_a_compensation_without_a_reason_is_refused() -> None:
    with pytest.raises(IntegrityError, match="compensation_has_a_reason"):
        Checkout.objects.create(order=recorded(), step="take_payment", state="COMPENSATING", deadline_at=NOON)


def cart(customer_id: UUID | None = None) -> Cart:
    return Cart.objects.create(customer_id=customer_id, currency="EUR", created_at=NOON, updated_at=NOON)


def refusal(statement: str, id_: UUID) -> str:
    """Return what the database says to a statement; it is asked past the ORM, as a careless script would."""
    with pytest.raises(IntegrityError) as caught, connections["orders"].cursor() as cursor:
        cursor.execute(statement, [id_])
    return str(caught.value).splitlines()[0]
