"""Taking a payment: each test card, and repeats."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from infra.events.testing import published
from infra.money import Money
from modules.payments.contract import PaymentDeclined, PaymentStatus, UnknownPaymentMethod
from modules.payments.events import PaymentCaptured
from modules.payments.events import PaymentDeclined as DeclinedEvent
from modules.payments.gateways.sandbox import SandboxProvider
from modules.payments.models import Attempt, AttemptStatus, Invoice, LedgerEntry, Payment
from modules.payments.queries.reconciliation import open_items
from tests.payments.purchases import LATER, an_order, eur, take

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("method", ["card", "card_timeout", "card_error"])
def test_each_card_that_works_in_the_end_is_charged_once_and_booked(method: str) -> None:
    order = an_order()

    payment = take(order, method=method)

    assert payment.status == PaymentStatus.CAPTURED
    assert (payment.captured, payment.refunded) == (4990, 0)
    assert Attempt.objects.count() == 1
    assert published(PaymentCaptured) == [
        PaymentCaptured(
            payment_id=payment.id,
            order_id=order.order_id,
            amount=eur(4990),
            invoice_number=Invoice.objects.get().document_number,
        )
    ]
    assert open_items(now=LATER) == []


def test_a_declined_card_leaves_nothing_but_the_refusal() -> None:
    order = an_order()

    with pytest.raises(PaymentDeclined) as refused:
        take(order, method="card_declined")

    assert refused.value.members == {"reason": "card_declined"}
    payment = Payment.objects.get()
    assert (payment.status, payment.captured) == (PaymentStatus.DECLINED, 0)
    assert not LedgerEntry.objects.exists()
    assert not Invoice.objects.exists()
    assert published(DeclinedEvent) == [
        DeclinedEvent(payment_id=payment.id, order_id=order.order_id, reason="card_declined")
    ]
    assert open_items(now=LATER) == []


def test_a_declined_payment_stays_declined_when_it_is_taken_again() -> None:
    order = an_order()
    for method in ("card_declined", "card"):
        with pytest.raises(PaymentDeclined):
            take(order, method=method)

    assert Attempt.objects.get().status == AttemptStatus.DECLINED


def test_a_way_of_paying_that_nobody_serves_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownPaymentMethod) as refused:
        take(method="cowrie")

    assert "card" in refused.value.members["methods"]
    assert not Payment.objects.exists()


def test_a_repeat_returns_the_payment_and_charges_nothing() -> None:
    order = an_order()
    first = take(order)

    repeated = take(order)

    assert repeated.id == first.id
    assert Attempt.objects.count() == 1
    assert len(published(PaymentCaptured)) == 1


def test_a_key_that_comes_with_another_amount_is_a_defect_of_the_caller() -> None:
    order = an_order(4990)
    take(order)

    with pytest.raises(ValueError, match="another order or amount"):
        take(an_order(5000, order_id=order.order_id), key=str(order.order_id))


def test_an_order_that_costs_nothing_is_paid_without_asking_anybody() -> None:
    payment = take(an_order(0, shipping=0))

    assert payment.status == PaymentStatus.CAPTURED
    assert Invoice.objects.get().total == 0
    assert open_items(now=LATER) == []


def test_what_was_sold_is_kept_as_it_was_told() -> None:
    order = an_order()

    invoice = Invoice.objects.get(payment=take(order))

    assert [(line["name"], line["quantity"], line["total"]) for line in invoice.lines] == [
        ("Mug", 2, 3000),
        ("Tea <loose>", 1, 1500),
    ]
    assert sum(line["total"] for line in invoice.lines) + invoice.shipping == invoice.total == order.total.amount
    assert invoice.bill_to["name"] == "Anna Ahorn"
    assert Money(invoice.tax, "EUR") == eur(797)  # 4990 * 19 / 119 = 796.7


def test_an_order_whose_lines_do_not_add_up_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        take(replace(an_order(), total=eur(1)))

    assert not Payment.objects.exists()


def test_an_order_is_not_paid_under_a_second_key() -> None:
    order = an_order()
    take(order)

    with pytest.raises(ValueError, match="another key"):
        take(order, key="another")


def test_no_provider_is_asked_inside_a_transaction() -> None:
    order = an_order()

    with pytest.raises(RuntimeError, match="outside transactions"), transaction.atomic(using="payments"):
        take(order)

    assert list(SandboxProvider().statement()) == []


def test_a_card_number_sent_as_the_method_is_neither_repeated_nor_kept(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnknownPaymentMethod) as refused:
        take(method="4242424242424242")

    assert "4242" not in f"{refused.value} {refused.value.members} {caplog.text}"
    assert not Payment.objects.exists()
