"""Taking money: in one step with the order, or authorised first and captured when the parcel leaves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from infra.databases.insertion import insert_together
from infra.money import Money
from modules.payments.contract import (
    PaymentClosed,
    PaymentDeclined,
    PaymentNotFound,
    PaymentOrder,
    PaymentStatus,
    UnknownPaymentMethod,
)
from modules.payments.gateways.registry import methods, provider_for
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, ClosedKey, Payment
from modules.payments.use_cases.attempts import UNDER_WAY, NotKnown, carry_out, postpone
from modules.payments.use_cases.bookkeeping import tax_rate
from modules.payments.use_cases.outcomes import record
from modules.payments.use_cases.refusals import NotAuthorised
from modules.payments.use_cases.returning import go_on_returning


def check_method(*, method: str) -> None:
    """Raise `UnknownPaymentMethod` unless the shop offers this way of paying."""
    if provider_for(method) is None:
        # What was sent is not repeated: somebody may send a card's number.
        raise UnknownPaymentMethod(methods=methods())


def take_payment(*, payment_key: str, order: PaymentOrder, method: str, now: datetime) -> Payment:
    """Take the order's total, once per key; see `PaymentsContract.take_payment`.

    Three commits: the attempt's key is stored before the provider hears of it, the provider does its part, the result is
    recorded. A process that dies in between leaves an open attempt; the next call asks what became of it.

    Raises:
        ValueError: a defect of the caller: the key was used before for another order or amount, the order is being paid under
            another key, or its lines do not add up. Nothing is recorded.
    """
    try:
        payment, attempt = _open(payment_key, order, method, now)
    except (UnknownPaymentMethod, ImproperlyConfigured):
        # What the shop offers may have changed since this key made its payment; that one stands.
        if (earlier := _earlier(payment_key)) is None:
            raise
        payment, attempt = earlier, None
    if (payment.order_id, payment.amount, payment.currency) != (
        order.order_id,
        order.total.amount,
        order.total.currency,
    ):
        raise ValueError(f"The payment key {payment_key} was used for another order or amount.")
    if payment.status == PaymentStatus.PENDING and payment.closed_at is None:
        payment = _go_on(payment, attempt, now=now)
    if payment.status == PaymentStatus.DECLINED:
        raise PaymentDeclined(reason=payment.decline_reason)
    if payment.closed_at is not None or payment.status == PaymentStatus.VOIDED:
        if payment.return_due_at is not None:
            go_on_returning(payment.id, now=now)  # it was closed while the money was on its way
        raise PaymentClosed
    return payment


def mark_capture_due(*, order_id: UUID, now: datetime) -> None:
    """Note that an order's parcel has left, so that what is authorised for it may be taken; a repeat changes nothing."""
    Payment.objects.filter(
        order_id=order_id, status=PaymentStatus.AUTHORISED, capture_due_at=None, closed_at=None
    ).update(capture_due_at=now)


def capture_payment(*, payment_id: UUID, now: datetime) -> Payment:
    """Take what was authorised; PENDING work of an earlier call is gone on with first.

    Raises:
        NotAuthorised: there is nothing to capture.
        PaymentNotFound: there is no such payment.
    """
    with transaction.atomic(using="payments"):
        payment = Payment.objects.select_for_update().filter(id=payment_id).first()
        if payment is None:
            raise PaymentNotFound
        attempt = payment.attempts.filter(status=AttemptStatus.OPEN).exclude(kind=AttemptKind.REFUND).first()
        asked_before = attempt is not None
        if attempt is None:
            if payment.status != PaymentStatus.AUTHORISED or payment.closed_at is not None:
                raise NotAuthorised
            attempt = payment.attempts.create(
                kind=AttemptKind.CAPTURE, amount=payment.amount, created_at=now, due_at=now + UNDER_WAY
            )
        elif attempt.kind != AttemptKind.CAPTURE:
            raise NotAuthorised
    try:
        return record(attempt.id, carry_out(payment, attempt, asked_before=asked_before), now=now)
    except NotKnown:
        postpone(attempt, now=now)
        return payment


def _open(payment_key: str, order: PaymentOrder, method: str, now: datetime) -> tuple[Payment, Attempt | None]:
    """Return the new payment with its attempt, or (without one) that which another call opened first."""
    check_method(method=method)
    provider = provider_for(method)
    assert provider is not None
    tax_rate()  # found wrong now, not when the money is taken
    if (
        Money.total([line.total for line in order.lines], currency=order.shipping.currency) + order.shipping
        != order.total
    ):
        raise ValueError(f"The lines and the shipping of the order {order.order_number} do not add up to its total.")
    kind = AttemptKind.CHARGE if settings.PAYMENT_CAPTURE == "immediate" else AttemptKind.AUTHORISE
    payment = Payment(
        payment_key=payment_key,
        order_id=order.order_id,
        customer_id=order.customer_id,
        order=msgspec.to_builtins(order),
        provider=provider.name,
        method=method,
        currency=order.total.currency,
        amount=order.total.amount,
        created_at=now,
    )
    attempt = Attempt(payment=payment, kind=kind, amount=payment.amount, created_at=now, due_at=now + UNDER_WAY)
    try:
        insert_together([[payment], [attempt]], using="payments")
    except IntegrityError as error:
        if earlier := _earlier(payment_key):
            return earlier, None
        if ClosedKey.objects.filter(payment_key=payment_key).exists():
            raise PaymentClosed from None
        raise ValueError(
            f"The order {order.order_id} is being paid under another key, or the payment is malformed."
        ) from error
    return payment, attempt


def _earlier(payment_key: str) -> Payment | None:
    return Payment.objects.filter(payment_key=payment_key).first()


def _go_on(payment: Payment, attempt: Attempt | None, *, now: datetime) -> Payment:
    opened = attempt
    if attempt is None:
        attempt = payment.attempts.filter(status=AttemptStatus.OPEN).first()
    if attempt is None:  # resolved by another call since the payment was read
        return Payment.objects.get(id=payment.id)
    try:
        answer = carry_out(payment, attempt, asked_before=opened is None)
    except NotKnown:
        postpone(attempt, now=now)
        return Payment.objects.get(id=payment.id)
    return record(attempt.id, answer, now=now, opened=opened)
