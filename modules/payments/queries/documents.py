"""Invoices as they were issued."""

from __future__ import annotations

from uuid import UUID

from infra.errors import NotFound
from modules.payments.models import Invoice, InvoiceKind
from modules.payments.queries.payments import payment_shown_to


class NoInvoice(NotFound):
    """There is no invoice: nothing was taken (yet)."""

    code = "payments.no_invoice"


def invoice_shown_to(payment_id: UUID, *, customer_id: UUID | None, is_staff: bool) -> tuple[Invoice, list[Invoice]]:
    """Return a payment's invoice and its credit notes, if the asker may see the payment.

    Raises:
        PaymentNotFound: the payment is not there for the asker.
        NoInvoice: nothing was taken.
    """
    payment_shown_to(payment_id, customer_id=customer_id, is_staff=is_staff)
    documents = list(Invoice.objects.filter(payment_id=payment_id).order_by("issued_at", "number"))
    invoices = [document for document in documents if document.kind == InvoiceKind.INVOICE]
    if not invoices:
        raise NoInvoice
    return invoices[0], [document for document in documents if document.kind == InvoiceKind.CREDIT_NOTE]
