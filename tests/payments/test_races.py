"""The same at the same time."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from infra.events.testing import published
from modules.payments.contract import PaymentClosed, PaymentStatus
from modules.payments.events import PaymentCaptured
from modules.payments.gateways.sandbox import SandboxProvider
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, ClosedKey, Invoice, Payment
from modules.payments.queries.reconciliation import open_items
from modules.payments.use_cases.refusals import RefundExceedsCaptured
from tests.payments.purchases import LATER, an_order, give_back, refund, take
from tests.payments.racing import all_at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("method", ["card", "card_timeout", "card_error"])
def test_twenty_calls_with_one_key_charge_once(method: str) -> None:
    order = an_order()

    payments = all_at_once([partial(take, order, method=method)] * 20)

    statuses = Counter(p.status if isinstance(p, Payment) else repr(p) for p in payments)
    assert statuses == {PaymentStatus.CAPTURED: 20}
    assert len(list(SandboxProvider().statement())) == 1
    assert Attempt.objects.count() == Invoice.objects.count() == len(published(PaymentCaptured)) == 1
    assert open_items(now=LATER) == []


def test_refunds_at_the_same_time_never_exceed_what_was_captured() -> None:
    payment = take(an_order(5000))

    refunds = all_at_once([partial(refund, payment, 1500)] * 8)

    given = [r for r in refunds if isinstance(r, Attempt)]
    assert len(given) == 3
    assert {type(r) for r in refunds if not isinstance(r, Attempt)} == {RefundExceedsCaptured}
    payment.refresh_from_db()
    assert payment.refunded == 4500
    assert open_items(now=LATER) == []


def test_one_refund_asked_for_twice_at_once_is_one_refund() -> None:
    payment = take(an_order(5000))

    refunds = all_at_once([partial(refund, payment, 1000, request_key="the same")] * 6)

    assert len({r.id for r in refunds if isinstance(r, Attempt)}) == 1
    payment.refresh_from_db()
    assert payment.refunded == 1000


def test_taking_and_returning_at_once_ends_with_nothing_held() -> None:
    for _ in range(10):
        order = an_order()
        all_at_once([partial(take, order), partial(give_back, order.order_id), partial(take, order)])
        with pytest.raises(PaymentClosed):
            take(order)

    held = [p.captured - p.refunded for p in Payment.objects.all()]
    assert sum(held) == 0
    assert set(Payment.objects.values_list("payment_key", flat=True)).isdisjoint(
        ClosedKey.objects.values_list("payment_key", flat=True)
    )
    assert not Attempt.objects.filter(status=AttemptStatus.OPEN).exists()
    assert open_items(now=LATER) == []


def test_refunding_and_returning_at_once_gives_back_all_and_no_more() -> None:
    for _ in range(5):
        payment = take(an_order(5000))
        all_at_once(
            [
                partial(refund, payment, 1500),
                partial(give_back, payment.payment_key),
                partial(refund, payment, 2500),
                partial(give_back, payment.payment_key),
            ]
        )
        payment.refresh_from_db()
        assert (payment.status, payment.refunded) == (PaymentStatus.REFUNDED, 5000)
        given = payment.attempts.filter(kind=AttemptKind.REFUND, status=AttemptStatus.SUCCEEDED)
        assert sum(given.values_list("amount", flat=True)) == 5000
    assert open_items(now=LATER) == []


def test_invoice_numbers_have_no_gaps_though_some_payments_are_taken_at_once_and_some_fail() -> None:
    methods = ["card", "card_declined", "card_timeout", "card"] * 6

    all_at_once([partial(take, an_order(), method=method) for method in methods])

    invoices = list(Invoice.objects.order_by("number"))
    assert [invoice.number for invoice in invoices] == list(range(1, 19))
    assert [invoice.issued_at for invoice in invoices] == sorted(invoice.issued_at for invoice in invoices)
    assert {invoice.document_number[:9] for invoice in invoices} == {"INV-2026-"}
