"""Refunds by staff: in part or in full, as often as something is left."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from infra.money import Money
from modules.payments.contract import PaymentNotFound
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Payment
from modules.payments.use_cases.attempts import UNDER_WAY, NotKnown, carry_out, postpone
from modules.payments.use_cases.outcomes import record
from modules.payments.use_cases.refusals import RefundDeclined, RefundExceedsCaptured, WrongCurrency


def refund_payment(*, payment_id: UUID, amount: Money | None, reason: str, request_key: str, now: datetime) -> Attempt:
    """Give back part of what was taken.

    Args:
        amount: more than zero; None for all that is left.
        request_key: who asks; the same one again goes on with the same refund, whatever else it says.

    Returns:
        The refund, still OPEN when the provider's answer was lost; then it is gone on with until it is known.

    Raises:
        PaymentNotFound: there is no such payment.
        RefundExceedsCaptured: less is left, counting refunds under way; nothing is recorded.
        WrongCurrency: the payment is in another one; nothing is recorded.
        RefundDeclined: the provider refused; the refund is recorded as such.
    """
    payment, attempt, asked_before = _begin(payment_id, amount, reason, request_key, now)
    if attempt.status == AttemptStatus.OPEN:
        try:
            record(attempt.id, carry_out(payment, attempt, asked_before=asked_before), now=now)
        except NotKnown:
            postpone(attempt, now=now)
    attempt = Attempt.objects.select_related("payment", "document").get(id=attempt.id)
    if attempt.status == AttemptStatus.DECLINED:
        raise RefundDeclined(reason=attempt.answer)
    return attempt


def _begin(
    payment_id: UUID, amount: Money | None, reason: str, request_key: str, now: datetime
) -> tuple[Payment, Attempt, bool]:
    with transaction.atomic(using="payments"):
        payment = Payment.objects.select_for_update().filter(id=payment_id).first()
        if payment is None:
            raise PaymentNotFound
        refunds = payment.attempts.filter(kind=AttemptKind.REFUND)
        if earlier := refunds.filter(request_key=request_key).first():
            return payment, earlier, True
        under_way = refunds.filter(status=AttemptStatus.OPEN).aggregate(total=Sum("amount"))["total"] or 0
        left = payment.money(payment.captured - payment.refunded - int(under_way))
        if amount is not None and amount.currency != payment.currency:
            raise WrongCurrency(f"The payment is in {payment.currency}.")
        wanted = left if amount is None else amount
        if wanted.amount <= 0 or left < wanted:
            raise RefundExceedsCaptured(
                f"{left.as_text()} can be given back.", refundable={"amount": left.amount, "currency": left.currency}
            )
        attempt = payment.attempts.create(
            kind=AttemptKind.REFUND,
            amount=wanted.amount,
            reason=reason,
            request_key=request_key,
            created_at=now,
            due_at=now + UNDER_WAY,
        )
    return payment, attempt, False
