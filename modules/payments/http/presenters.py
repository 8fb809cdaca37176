"""Answers as plain values with their names on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel import Locale

from modules.payments.models import Attempt, AttemptStatus, Invoice, Payment
from modules.payments.queries.payments import status_of

_ENGLISH = Locale("en")  # the language of the page
_REFUND_STATUS = {
    AttemptStatus.OPEN: "PENDING",
    AttemptStatus.SUCCEEDED: "REFUNDED",
    AttemptStatus.DECLINED: "DECLINED",
}


def payment_as_json(payment: Payment, refunds: Sequence[Attempt]) -> dict[str, Any]:
    return {
        "id": payment.id,
        "orderId": payment.order_id,
        "status": status_of(payment),
        "amount": payment.money(payment.amount),
        "captured": payment.money(payment.captured),
        "refunded": payment.money(payment.refunded),
        "method": payment.method,
        "refunds": [refund_as_json(refund, payment) for refund in refunds],
        "createdAt": payment.created_at,
    }


def refund_as_json(refund: Attempt, payment: Payment) -> dict[str, Any]:
    credit_note: Invoice | None = getattr(refund, "document", None)
    return {
        "id": refund.id,
        "amount": payment.money(refund.amount),
        "status": _REFUND_STATUS[AttemptStatus(refund.status)],
        "reason": refund.reason,
        "creditNote": credit_note.document_number if credit_note else None,
        "createdAt": refund.created_at,
    }


def invoice_as_json(invoice: Invoice, credit_notes: Sequence[Invoice]) -> dict[str, Any]:
    return {
        "number": invoice.document_number,
        "issuedAt": invoice.issued_at,
        "orderNumber": invoice.order_number,
        "billTo": invoice.bill_to,
        "lines": [
            {
                "sku": line["sku"],
                "name": line["name"],
                "quantity": line["quantity"],
                "unitPrice": invoice.money(line["unit_price"]),
                "total": invoice.money(line["total"]),
            }
            for line in invoice.lines
        ],
        "shipping": invoice.money(invoice.shipping),
        "total": invoice.money(invoice.total),
        "taxRatePercent": rate_as_text(invoice.tax_rate),
        "tax": invoice.money(invoice.tax),
        "creditNotes": [
            {
                "number": note.document_number,
                "issuedAt": note.issued_at,
                "reason": note.reason,
                "total": note.money(note.total),
                "tax": note.money(note.tax),
            }
            for note in credit_notes
        ],
    }


def invoice_for_page(invoice: Invoice, credit_notes: Sequence[Invoice]) -> dict[str, Any]:
    """Return what the invoice's page shows; amounts as people read them."""

    def text(amount: int) -> str:
        return invoice.money(amount).as_text()

    return {
        "invoice": invoice,
        "address": [
            line
            for line in (
                invoice.bill_to["name"],
                invoice.bill_to["line1"],
                invoice.bill_to.get("line2"),
                " ".join(part for part in (invoice.bill_to["postcode"], invoice.bill_to["city"]) if part),
                invoice.bill_to.get("region"),
                _ENGLISH.territories.get(invoice.bill_to["country"], invoice.bill_to["country"]),
            )
            if line
        ],
        "lines": [
            line | {"unit_price_text": text(line["unit_price"]), "total_text": text(line["total"])}
            for line in invoice.lines
        ],
        "shipping": text(invoice.shipping),
        "total": text(invoice.total),
        "net": text(invoice.total - invoice.tax),
        "tax": text(invoice.tax),
        "tax_rate": rate_as_text(invoice.tax_rate) if invoice.tax_rate else "",
        "credit_notes": [
            {"note": note, "total": text(note.total), "reason": _readable(note.reason)} for note in credit_notes
        ],
    }


def _readable(reason: str) -> str:
    # Reasons are words for programs (customer_request) or what staff wrote.
    return reason.replace("_", " ").capitalize() if reason.isidentifier() else reason


def rate_as_text(rate: Decimal) -> str:
    """Return a percentage without idle zeros: `19`, `8.1`."""
    return f"{rate.normalize():f}"
