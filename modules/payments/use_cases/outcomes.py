"""Recording what became of an attempt: state, ledger, invoice and event in one transaction, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from infra.databases.insertion import insert_together
from infra.databases.prepared import prepared_cursor
from infra.events.outbox import publish
from modules.payments.contract import PaymentStatus
from modules.payments.events import PaymentCaptured, PaymentDeclined, PaymentRefunded, PaymentVoided
from modules.payments.gateways.provider import Answer
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Invoice, InvoiceKind, Payment
from modules.payments.use_cases.attempts import UNDER_WAY
from modules.payments.use_cases.bookkeeping import capture_entry, contained_tax, refund_entry, tax_of_refund, tax_rate
from modules.payments.use_cases.invoicing import new_credit_note, new_invoice, order_of

SETTLED = frozenset({PaymentStatus.DECLINED, PaymentStatus.VOIDED, PaymentStatus.REFUNDED})
# A provider that refuses to capture, void or refund is asked anew after this long; until then it is an open item.
AFTER_REFUSAL = timedelta(hours=1)

_LOCK_UNTOUCHED = """
SELECT a.status, p.status, p.closed_at FROM payments_attempt AS a JOIN payments_payment AS p ON p.id = a.payment_id
WHERE a.id = %s FOR UPDATE OF a, p
"""
_OF_ATTEMPT = ("status", "answer", "provider_ref", "resolved_at", "due_at")
_OF_PAYMENT = ("status", "provider_ref", "captured", "refunded", "decline_reason", "capture_due_at", "return_due_at")
# Both in one round trip: every order waits for it.
_STORE = """
WITH attempt AS (
    UPDATE payments_attempt
    SET status = %s, answer = %s, provider_ref = %s, resolved_at = %s, due_at = %s WHERE id = %s
)
UPDATE payments_payment
SET status = %s, provider_ref = %s, captured = %s, refunded = %s, decline_reason = %s, capture_due_at = %s,
    return_due_at = %s
WHERE id = %s
"""


def record(attempt_id: UUID, answer: Answer, *, now: datetime, opened: Attempt | None = None) -> Payment:
    """Record the provider's answer and return the payment; whoever records the same attempt later changes nothing.

    Money that arrives for an abandoned attempt is recorded, too: it was taken. As its payment is closed, it is given back next.

    Args:
        opened: the attempt with its payment as the caller stored both just now; it is read anew only if somebody touched them.
    """
    with transaction.atomic(using="payments"):
        attempt = opened if opened is not None and _locked_untouched(attempt_id) else _locked(attempt_id)
        payment = attempt.payment
        late_success = attempt.status == AttemptStatus.ABANDONED and not answer.declined
        if attempt.status != AttemptStatus.OPEN and not late_success:
            return payment
        attempt.status = AttemptStatus.DECLINED if answer.declined else AttemptStatus.SUCCEEDED
        attempt.answer = answer.declined[:100]
        attempt.provider_ref = answer.provider_ref
        attempt.resolved_at, attempt.due_at = now, None
        if answer.declined:
            _declined(payment, attempt, now)
        elif attempt.kind in (AttemptKind.CHARGE, AttemptKind.CAPTURE):
            _captured(payment, attempt, now)
        elif attempt.kind == AttemptKind.AUTHORISE:
            payment.status = PaymentStatus.AUTHORISED
            payment.provider_ref = attempt.provider_ref
            _save(payment, attempt, now)
        elif attempt.kind == AttemptKind.VOID:
            _voided(payment, attempt, attempt.reason, now)
        else:
            _refunded(payment, attempt, now)
    return payment


def abandon(attempt_id: UUID, *, now: datetime) -> Payment:
    """Record that an attempt never reached the provider and never will, which calls its payment off."""
    with transaction.atomic(using="payments"):
        attempt = _locked(attempt_id)
        payment = attempt.payment
        if attempt.status == AttemptStatus.OPEN:
            attempt.status = AttemptStatus.ABANDONED
            attempt.resolved_at, attempt.due_at = now, None
            _voided(payment, attempt, payment.close_reason, now)
    return payment


def _locked_untouched(attempt_id: UUID) -> bool:
    """Lock a new attempt and its payment; return whether both are as they were stored."""
    with prepared_cursor("payments") as cursor:
        cursor.execute(_LOCK_UNTOUCHED, [attempt_id])
        found: tuple[object, ...] | None = cursor.fetchone()
        return found == (AttemptStatus.OPEN.value, PaymentStatus.PENDING.value, None)


def _locked(attempt_id: UUID) -> Attempt:
    # Both rows: after waiting for the lock, only locked rows are read anew.
    return Attempt.objects.select_related("payment").select_for_update(of=("self", "payment")).get(id=attempt_id)


def _save(payment: Payment, attempt: Attempt, now: datetime) -> None:
    if payment.closed_at is not None:
        payment.return_due_at = None if payment.status in SETTLED else now + UNDER_WAY
    _store(payment, attempt)


def _store(payment: Payment, attempt: Attempt) -> None:
    with prepared_cursor("payments") as cursor:
        cursor.execute(
            _STORE,
            [
                *(getattr(attempt, name) for name in (*_OF_ATTEMPT, "id")),
                *(getattr(payment, name) for name in (*_OF_PAYMENT, "id")),
            ],
        )


def _captured(payment: Payment, attempt: Attempt, now: datetime) -> None:
    payment.status = PaymentStatus.CAPTURED
    payment.captured = payment.amount
    payment.provider_ref = payment.provider_ref or attempt.provider_ref
    payment.capture_due_at = None
    _save(payment, attempt, now)
    rate, order = tax_rate(), order_of(payment)
    total = payment.money(payment.amount)
    tax = contained_tax(total, rate)
    booked = (
        capture_entry(payment, attempt, shipping=order.shipping, rate_percent=rate, now=now) if total.amount else []
    )
    invoice = new_invoice(payment, attempt, order, tax=tax, rate_percent=rate, now=now)
    insert_together([*booked, [invoice]], using="payments")
    publish(
        PaymentCaptured(
            payment_id=payment.id, order_id=payment.order_id, amount=total, invoice_number=invoice.document_number
        )
    )


def _declined(payment: Payment, attempt: Attempt, now: datetime) -> None:
    if attempt.kind in (AttemptKind.CHARGE, AttemptKind.AUTHORISE):
        payment.status = PaymentStatus.DECLINED
        payment.decline_reason = attempt.answer
        _save(payment, attempt, now)
        publish(PaymentDeclined(payment_id=payment.id, order_id=payment.order_id, reason=attempt.answer))
        return
    if attempt.kind == AttemptKind.CAPTURE and payment.capture_due_at is not None:
        payment.capture_due_at = now + AFTER_REFUSAL
    if payment.closed_at is not None and attempt.kind != AttemptKind.CAPTURE:
        payment.return_due_at = now + AFTER_REFUSAL
    _store(payment, attempt)


def _voided(payment: Payment, attempt: Attempt, reason: str, now: datetime) -> None:
    payment.status = PaymentStatus.VOIDED
    payment.capture_due_at = None
    _save(payment, attempt, now)
    publish(PaymentVoided(payment_id=payment.id, order_id=payment.order_id, reason=reason))


def _refunded(payment: Payment, attempt: Attempt, now: datetime) -> None:
    before, amount = payment.money(payment.refunded), payment.money(attempt.amount)
    payment.refunded += attempt.amount
    fully = payment.refunded == payment.captured
    payment.status = PaymentStatus.REFUNDED if fully else PaymentStatus.PARTIALLY_REFUNDED
    _save(payment, attempt, now)
    if attempt.amount:
        invoice = Invoice.objects.get(payment=payment, kind=InvoiceKind.INVOICE)
        tax = tax_of_refund(before=before, amount=amount, rate_percent=invoice.tax_rate)
        booked = refund_entry(payment, attempt, tax=tax, now=now)
        insert_together([*booked, [new_credit_note(invoice, attempt, tax=tax, now=now)]], using="payments")
    publish(
        PaymentRefunded(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount=amount,
            refunded=before + amount,
            fully=fully,
            reason=attempt.reason,
        )
    )
