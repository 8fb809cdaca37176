"""Giving back all of a payment and closing its key, whatever state it is in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from modules.payments.contract import PaymentNotFound, PaymentStatus
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, ClosedKey, Payment
from modules.payments.use_cases.attempts import UNDER_WAY, NotKnown, call_off, carry_out, postpone
from modules.payments.use_cases.outcomes import SETTLED, abandon, record
from modules.payments.use_cases.refusals import NotAuthorised

# A lost charge, an open capture, some open refunds, the rest: more steps than that are left to the periodic task.
MOST_STEPS = 8
_TAKES = (AttemptKind.CHARGE, AttemptKind.AUTHORISE)


def return_payment(*, payment_key: str, reason: str, now: datetime) -> Payment | None:
    """Give back all that was taken and close the key for ever; see `PaymentsContract.return_payment`."""
    payment = _close(payment_key, reason[:200], now)
    if payment is None or payment.return_due_at is None:
        return payment
    return go_on_returning(payment.id, now=now)


def void_payment(*, payment_id: UUID, reason: str, now: datetime) -> Payment:
    """Give up an authorisation and close the key.

    Raises:
        NotAuthorised: money was taken already, or nothing is authorised.
        PaymentNotFound: there is no such payment.
    """
    payment = Payment.objects.filter(id=payment_id).first()
    if payment is None:
        raise PaymentNotFound
    if payment.status != PaymentStatus.AUTHORISED:
        raise NotAuthorised
    returned = return_payment(payment_key=payment.payment_key, reason=reason, now=now)
    assert returned is not None
    return returned


def go_on_returning(payment_id: UUID, *, now: datetime) -> Payment:
    """Do what is left to do until all is given back, or the provider does not answer."""
    for _ in range(MOST_STEPS):
        payment, attempt, asked_before = _next_step(payment_id, now)
        if attempt is None:
            return payment
        try:
            if attempt.kind in _TAKES:
                found = call_off(payment, attempt)
                payment = record(attempt.id, found, now=now) if found else abandon(attempt.id, now=now)
                continue
            answer = carry_out(payment, attempt, asked_before=asked_before)
        except NotKnown:
            postpone(attempt, now=now)
            break
        payment = record(attempt.id, answer, now=now)
        if answer.declined and attempt.kind != AttemptKind.CAPTURE:
            break
    return Payment.objects.get(id=payment_id)


def _close(payment_key: str, reason: str, now: datetime) -> Payment | None:
    while True:
        with transaction.atomic(using="payments"):
            payment = Payment.objects.select_for_update().filter(payment_key=payment_key).first()
            if payment is not None:
                if payment.closed_at is None:
                    payment.closed_at, payment.close_reason = now, reason
                    payment.return_due_at = None if payment.status in SETTLED else now + UNDER_WAY
                    payment.save(update_fields=["closed_at", "close_reason", "return_due_at"])
                return payment
        tombstone = ClosedKey(payment_key=payment_key, reason=reason, closed_at=now)
        try:
            ClosedKey.objects.bulk_create([tombstone], ignore_conflicts=True)
        except IntegrityError:  # a payment was opened under the key in between
            if not Payment.objects.filter(payment_key=payment_key).exists():
                raise
        else:
            return None


def _next_step(payment_id: UUID, now: datetime) -> tuple[Payment, Attempt | None, bool]:
    """Return the payment, the attempt to go on with or to begin (None when nothing is left), and whether it was begun before."""
    with transaction.atomic(using="payments"):
        payment = Payment.objects.select_for_update().get(id=payment_id)
        attempts = list(payment.attempts.filter(status=AttemptStatus.OPEN).order_by("created_at"))
        for attempt in attempts:
            if attempt.kind != AttemptKind.REFUND:
                return payment, attempt, True
        if payment.status in SETTLED:
            return payment, None, False
        if payment.status == PaymentStatus.AUTHORISED:
            return payment, _begin(payment, AttemptKind.VOID, payment.amount, now), False
        left = payment.captured - payment.refunded - sum(attempt.amount for attempt in attempts)
        if left > 0 or not (attempts or payment.amount):
            return payment, _begin(payment, AttemptKind.REFUND, left, now), False
        return payment, attempts[0], True


def _begin(payment: Payment, kind: AttemptKind, amount: int, now: datetime) -> Attempt:
    return payment.attempts.create(
        kind=kind, amount=amount, reason=payment.close_reason, created_at=now, due_at=now + UNDER_WAY
    )
