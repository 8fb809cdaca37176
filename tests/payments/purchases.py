"""What is bought in the payment tests, and taking money for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from infra.postal_address import PostalAddress
from modules.payments.contract import InvoiceLine, PaymentOrder
from modules.payments.models import Attempt, Payment
from modules.payments.use_cases import refunding, returning, taking

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADDRESS = PostalAddress(
    name="Anna Ahorn", line1="Baumweg 5", city="Berlin", region=None, postcode="10115", country="DE"
)


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


def an_order(total: int = 4990, *, shipping: int = 490, customer_id: UUID | None = None, **others: Any) -> PaymentOrder:
    """An order of two lines, one of them of two pieces, that comes to `total` with shipping."""
    order_id = new_id()
    goods = total - shipping
    each = goods // 3
    rest = goods - 2 * each
    order = PaymentOrder(
        order_id=order_id,
        order_number=f"R-{order_id.hex[-6:]}",
        customer_id=customer_id,
        email="anna@example.com",
        bill_to=ADDRESS,
        lines=(
            InvoiceLine(sku="MUG", name="Mug", quantity=2, unit_price=eur(each), total=eur(2 * each)),
            InvoiceLine(sku="TEA", name="Tea <loose>", quantity=1, unit_price=eur(rest), total=eur(rest)),
        ),
        shipping=eur(shipping),
        total=eur(total),
    )
    return replace(order, **others)


def an_order_in_yen(total: int, **others: Any) -> PaymentOrder:
    yen = Money(total, "JPY")
    line = InvoiceLine(sku="TEA", name="Tea", quantity=1, unit_price=yen, total=yen)
    return replace(an_order(**others), lines=(line,), shipping=Money(0, "JPY"), total=yen)


def take(order: PaymentOrder | None = None, *, method: str = "card", key: str | None = None) -> Payment:
    order = order or an_order()
    return taking.take_payment(payment_key=key or str(order.order_id), order=order, method=method, now=NOW)


def give_back(key: UUID | str, *, now: datetime = NOW) -> Payment | None:
    return returning.return_payment(payment_key=str(key), reason="customer_request", now=now)


def refund(payment: Payment, amount: int | None, *, request_key: str | None = None) -> Attempt:
    return refunding.refund_payment(
        payment_id=payment.id,
        amount=None if amount is None else eur(amount),
        reason="broken",
        request_key=request_key or str(new_id()),
        now=NOW,
    )
