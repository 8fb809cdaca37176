"""Authorised with the order, captured when the parcel leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from infra.events.testing import announce, published
from infra.identifiers import new_id
from modules.payments.contract import PaymentClosed, PaymentStatus
from modules.payments.events import PaymentCaptured, PaymentVoided
from modules.payments.models import Attempt, AttemptKind, Invoice, LedgerEntry, Payment
from modules.payments.queries.reconciliation import open_items
from modules.payments.use_cases.refusals import NotAuthorised
from modules.payments.use_cases.returning import void_payment
from modules.payments.use_cases.taking import capture_payment
from modules.payments.use_cases.unfinished import capture_due_payments
from modules.shipping.events import ShipmentDispatched
from tests.payments.hostile_provider import HostileProvider, Killed, die
from tests.payments.purchases import LATER, NOW, an_order, give_back, take

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _on_dispatch(_shop: None, settings: Settings) -> None:
    settings.PAYMENT_CAPTURE = "on_dispatch"


def dispatch(payment: Payment) -> None:
    announce(
        ShipmentDispatched(
            shipment_id=new_id(),
            order_id=payment.order_id,
            order_number="R-1",
            customer_id=None,
            email="anna@example.com",
            carrier="banyan",
            tracking_number="T-1",
        )
    )


def test_nothing_is_taken_until_the_parcel_leaves() -> None:
    payment = take()

    capture_due_payments(now=LATER)

    payment.refresh_from_db()
    assert (payment.status, payment.captured) == (PaymentStatus.AUTHORISED, 0)
    assert not LedgerEntry.objects.exists()
    assert not Invoice.objects.exists()
    assert take(an_order()).status == PaymentStatus.AUTHORISED


def test_the_money_is_taken_once_when_the_parcel_has_left() -> None:
    payment = take()
    dispatch(payment)
    dispatch(payment)

    capture_due_payments(now=LATER)
    capture_due_payments(now=LATER)

    payment.refresh_from_db()
    assert (payment.status, payment.captured, payment.capture_due_at) == (PaymentStatus.CAPTURED, payment.amount, None)
    assert len(published(PaymentCaptured)) == 1
    assert open_items(now=LATER) == []


def test_a_parcel_of_an_order_that_was_paid_at_once_changes_nothing(settings: Settings) -> None:
    settings.PAYMENT_CAPTURE = "immediate"
    payment = take()

    dispatch(payment)

    assert Payment.objects.get().capture_due_at is None
    assert Attempt.objects.get().kind == AttemptKind.CHARGE


def test_a_capture_whose_process_died_is_done_once(provider: HostileProvider) -> None:
    payment = take()
    dispatch(payment)
    provider.after("capture", die)
    with pytest.raises(Killed):
        capture_due_payments(now=LATER)
    provider.heal()

    capture_due_payments(now=LATER + timedelta(minutes=5))

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.CAPTURED
    assert [line.movement for line in provider.statement()] == ["captured"]
    assert open_items(now=LATER + timedelta(days=1)) == []


def test_a_return_before_the_capture_voids_the_authorisation() -> None:
    payment = take()

    returned = give_back(payment.payment_key)

    assert returned is not None
    assert (returned.status, returned.captured) == (PaymentStatus.VOIDED, 0)
    assert [event.reason for event in published(PaymentVoided)] == ["customer_request"]
    with pytest.raises(PaymentClosed):
        take(an_order(order_id=payment.order_id), key=payment.payment_key)
    dispatch(payment)
    capture_due_payments(now=LATER)
    assert Payment.objects.get().status == PaymentStatus.VOIDED
    assert open_items(now=LATER) == []


def test_a_return_while_the_capture_is_open_gives_the_money_back(provider: HostileProvider) -> None:
    payment = take()
    provider.after("capture", die)
    with pytest.raises(Killed):
        capture_payment(payment_id=payment.id, now=NOW)
    provider.heal()

    returned = give_back(payment.payment_key)

    assert returned is not None
    assert (returned.status, returned.refunded) == (PaymentStatus.REFUNDED, payment.amount)
    assert open_items(now=LATER) == []


def test_an_authorisation_that_the_provider_no_longer_honours_is_an_open_item(provider: HostileProvider) -> None:
    payment = take()
    dispatch(payment)
    provider.sandbox.void(key="by somebody else", provider_ref=payment.provider_ref)

    capture_due_payments(now=LATER)

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.AUTHORISED
    assert [item.kind for item in open_items(now=LATER)] == ["capture_unfinished"]


def test_only_what_is_authorised_can_be_captured_or_voided_by_hand() -> None:
    payment = take()
    void_payment(payment_id=payment.id, reason="fraud", now=NOW)

    for act in (capture_payment, lambda **asked: void_payment(reason="fraud", **asked)):
        with pytest.raises(NotAuthorised):
            act(payment_id=payment.id, now=NOW)
