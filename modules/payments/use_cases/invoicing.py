"""Issuing invoices and credit notes, numbered without gaps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from infra.databases.prepared import prepared_cursor
from infra.money import Money
from modules.payments.contract import PaymentOrder
from modules.payments.models import Attempt, Invoice, InvoiceKind, Payment

# The row stays locked until the document is committed, so a number that is rolled back is given again, and the times of
# issue rise with the numbers. Take it as late in the transaction as possible.
_NEXT_NUMBER = """
INSERT INTO payments_numberseries AS s (series, last) VALUES (%s, 1)
ON CONFLICT (series) DO UPDATE SET last = s.last + 1 RETURNING last, clock_timestamp()
"""


def order_of(payment: Payment) -> PaymentOrder:
    """Return what is paid for, as it was told when the payment began."""
    return msgspec.convert(payment.order, PaymentOrder)


def new_invoice(
    payment: Payment, attempt: Attempt, order: PaymentOrder, *, tax: Money, rate_percent: Decimal, now: datetime
) -> Invoice:
    """Take a number for the invoice of a payment that was just taken; the caller stores it in the same transaction."""
    lines = [
        {
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": line.unit_price.amount,
            "total": line.total.amount,
        }
        for line in order.lines
    ]
    series, number, issued_at = _take_number("INV", now)
    return Invoice(
        kind=InvoiceKind.INVOICE,
        series=series,
        number=number,
        payment=payment,
        attempt=attempt,
        issued_at=issued_at,
        order_number=order.order_number,
        email=order.email,
        bill_to=payment.order["bill_to"],
        lines=lines,
        currency=payment.currency,
        shipping=order.shipping.amount,
        total=payment.amount,
        tax_rate=rate_percent,
        tax=tax.amount,
    )


def new_credit_note(invoice: Invoice, attempt: Attempt, *, tax: Money, now: datetime) -> Invoice:
    """Take a number for the credit note of a refund that was just given; the caller stores it in the same transaction."""
    line = {
        "sku": "",
        "name": f"Refund on invoice {invoice.document_number}",
        "quantity": 1,
        "unit_price": attempt.amount,
        "total": attempt.amount,
    }
    series, number, issued_at = _take_number("CN", now)
    return Invoice(
        kind=InvoiceKind.CREDIT_NOTE,
        series=series,
        number=number,
        payment_id=invoice.payment_id,
        attempt=attempt,
        corrects=invoice,
        issued_at=issued_at,
        order_number=invoice.order_number,
        email=invoice.email,
        bill_to=invoice.bill_to,
        lines=[line],
        currency=invoice.currency,
        shipping=0,
        total=attempt.amount,
        tax_rate=invoice.tax_rate,
        tax=tax.amount,
        reason=attempt.reason,
    )


def _take_number(prefix: str, now: datetime) -> tuple[str, int, datetime]:
    series = f"{prefix}-{now.year}"
    with prepared_cursor("payments") as cursor:
        cursor.execute(_NEXT_NUMBER, [series])
        number, issued_at = cursor.fetchone()
    return series, number, issued_at
