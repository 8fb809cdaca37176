"""What is bought in the payment tests, and taking money for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from infra.postal_address import PostalAddress
from modules.payments.contract import InvoiceLine, PaymentOrder
from modules.payments.models import Payment
from modules.payments.use_cases import returning, taking

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ADDRESS = PostalAddress(
    name="Anna Ahorn", line1="Baumweg 5", city="Berlin", region=None, postcode="10115", country="DE"
)


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def an_order(total: int = 4990, *, shipping: int = 490, customer_id: UUID | None = None, **others: Any) -> PaymentOrder:
    """An order of two lines, one of them of two pieces, that comes to `total` with shipping."""
    order_id = new_id()
    goods = total - shipping
    single = goods - 2 * (goods // 3)
    return PaymentOrder(
        **{
            "order_id": order_id,
            "order_number": f"R-{order_id.hex[-6:]}",
            "customer_id": customer_id,
            "email": "anna@example.com",
            "bill_to": ADDRESS,
            "lines": (
                InvoiceLine(
                    sku="MUG", name="Mug", quantity=2, unit_price=eur(goods // 3), total=eur(2 * (goods // 3))
                ),
                InvoiceLine(sku="TEA", name="Tea <loose>", quantity=1, unit_price=eur(single), total=eur(single)),
            ),
            "shipping": eur(shipping),
            "total": eur(total),
        }
        | others
    )


def take(order: PaymentOrder | None = None, *, method: str = "card", key: str | None = None) -> Payment:
    order = order or an_order()
    return taking.take_payment(payment_key=key or str(order.order_id), order=order, method=method, now=NOW)


def give_back(payment: Payment) -> Payment:
    returned = returning.return_payment(payment_key=payment.payment_key, reason="customer_request", now=NOW)
    assert returned is not None
    return returned
