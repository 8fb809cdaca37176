"""Payments as they stand."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch

from modules.payments.contract import PaymentNotFound, PaymentStatus, PaymentSummary
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Payment


def status_of(payment: Payment) -> PaymentStatus:
    """Return the status to tell: PENDING as long as a closed payment still has something to give back."""
    return PaymentStatus.PENDING if payment.return_due_at is not None else PaymentStatus(payment.status)


def summary_of(payment: Payment) -> PaymentSummary:
    return PaymentSummary(
        payment_id=payment.id,
        order_id=payment.order_id,
        status=status_of(payment),
        amount=payment.money(payment.amount),
        captured=payment.money(payment.captured),
        refunded=payment.money(payment.refunded),
        method=payment.method,
    )


def payment_summary(payment_id: UUID) -> PaymentSummary:
    """Return one payment as it stands.

    Raises:
        PaymentNotFound: there is none.
    """
    payment = Payment.objects.filter(id=payment_id).first()
    if payment is None:
        raise PaymentNotFound
    return summary_of(payment)


def payment_shown_to(payment_id: UUID, *, customer_id: UUID | None, is_staff: bool) -> Payment:
    """Return a payment with its refunds and their credit notes, if the asker may see it.

    A customer sees their own, staff all. A guest's payment has no owner: like a guest's cart it is shown to whoever has its id,
    which cannot be guessed.

    Raises:
        PaymentNotFound: there is none, or it is somebody else's; the two cannot be told apart.
    """
    refunds = (
        Attempt.objects.filter(kind=AttemptKind.REFUND)
        .exclude(status=AttemptStatus.ABANDONED)
        .select_related("document")
        .order_by("created_at", "id")
    )
    payment = (
        Payment.objects.filter(id=payment_id).prefetch_related(Prefetch("attempts", refunds, to_attr="refunds")).first()
    )
    if payment is None or not (is_staff or payment.customer_id in (None, customer_id)):
        raise PaymentNotFound
    return payment
