"""The payments contract, answered in this process."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from modules.payments.contract import PaymentOrder, PaymentSummary
from modules.payments.queries.payments import payment_summary, summary_of
from modules.payments.use_cases import returning, taking


class PaymentsService:
    """Implements PaymentsContract."""

    def check_method(self, *, method: str) -> None:
        taking.check_method(method=method)

    def take_payment(self, *, payment_key: str, order: PaymentOrder, method: str) -> PaymentSummary:
        payment = taking.take_payment(payment_key=payment_key, order=order, method=method, now=timezone.now())
        return summary_of(payment)

    def return_payment(self, *, payment_key: str, reason: str) -> PaymentSummary | None:
        payment = returning.return_payment(payment_key=payment_key, reason=reason, now=timezone.now())
        return None if payment is None else summary_of(payment)

    def payment(self, *, payment_id: UUID) -> PaymentSummary:
        return payment_summary(payment_id)
