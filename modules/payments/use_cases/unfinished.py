"""Going on with what a lost answer, a dead process or a dispatched parcel left to do."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from modules.payments.contract import PaymentStatus
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Payment
from modules.payments.use_cases.attempts import UNDER_WAY, NotKnown, carry_out, look_up, postpone
from modules.payments.use_cases.outcomes import record
from modules.payments.use_cases.refusals import NotAuthorised
from modules.payments.use_cases.returning import go_on_returning
from modules.payments.use_cases.taking import capture_payment

log = structlog.get_logger(__name__)
AT_ONCE = 50  # per run; a provider that answers slowly must not hold the task for minutes


def go_on_with_open_attempts(*, now: datetime) -> int:
    """Ask what became of open attempts, and carry on with those that only we can finish; return how many were looked at.

    A payment that is being taken is looked up only: to send it again is for whoever wants the order, by taking it again.
    """
    attempts = _due_attempts(now)
    for attempt in attempts:
        payment = attempt.payment
        try:
            if attempt.kind in (AttemptKind.CHARGE, AttemptKind.AUTHORISE):
                answer = look_up(payment, attempt)
                if answer is None:
                    continue
            else:
                answer = carry_out(payment, attempt, asked_before=True)
        except NotKnown:
            continue
        payment = record(attempt.id, answer, now=now)
        if payment.return_due_at is not None:
            go_on_returning(payment.id, now=now)
    return len(attempts)


def go_on_with_returns(*, now: datetime) -> int:
    """Give back what closed payments still hold; return how many were looked at."""
    with transaction.atomic(using="payments"):
        due = Payment.objects.select_for_update(skip_locked=True).filter(return_due_at__lte=now)
        payment_ids = list(due.order_by("return_due_at").values_list("id", flat=True)[:AT_ONCE])
        Payment.objects.filter(id__in=payment_ids).update(return_due_at=now + UNDER_WAY)
    for payment_id in payment_ids:
        go_on_returning(payment_id, now=now)
    return len(payment_ids)


def capture_due_payments(*, now: datetime) -> int:
    """Take the money of orders whose parcel has left; return how many were looked at."""
    with transaction.atomic(using="payments"):
        due = Payment.objects.select_for_update(skip_locked=True).filter(
            capture_due_at__lte=now, status=PaymentStatus.AUTHORISED
        )
        payment_ids = list(due.order_by("capture_due_at").values_list("id", flat=True)[:AT_ONCE])
        Payment.objects.filter(id__in=payment_ids).update(capture_due_at=now + UNDER_WAY)
    for payment_id in payment_ids:
        try:
            capture_payment(payment_id=payment_id, now=now)
        except NotAuthorised:
            log.info("capture_no_longer_due", payment=str(payment_id))
    return len(payment_ids)


def _due_attempts(now: datetime) -> list[Attempt]:
    with transaction.atomic(using="payments"):
        due = Attempt.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            status=AttemptStatus.OPEN, due_at__lte=now
        )
        attempts = list(due.select_related("payment").order_by("due_at")[:AT_ONCE])
        for attempt in attempts:
            postpone(attempt, now=now)
    return attempts
