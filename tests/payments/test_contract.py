"""What everybody may rely on who asks payments, on every route; the fake is held to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.contracts.testing import standing_in
from infra.identifiers import new_id
from modules.payments.contract import (
    PaymentClosed,
    PaymentDeclined,
    PaymentNotFound,
    PaymentsContract,
    PaymentStatus,
    UnknownPaymentMethod,
)
from tests.contract_routes import EachRoute
from tests.payments.fakes import FakePayments
from tests.payments.hostile_provider import hostile
from tests.payments.purchases import an_order, eur

pytestmark = pytest.mark.usefixtures("database")


class Subject:
    """Payments on one route, and a switch for its provider."""

    def __init__(self, payments: PaymentsContract, reach_provider: Callable[[bool], None]) -> None:
        self.payments = payments
        self.reach_provider = reach_provider


@pytest.fixture(params=["real", "fake"])
def subject(request: pytest.FixtureRequest, each_route: EachRoute) -> Iterator[Subject]:
    if request.param == "real":
        with hostile() as provider:
            yield Subject(
                each_route(PaymentsContract), lambda yes: provider.heal() if yes else provider.is_out_of_reach()
            )
        return
    fake = FakePayments()
    with standing_in(PaymentsContract, fake):
        yield Subject(each_route(PaymentsContract), lambda yes: setattr(fake, "out_of_reach", not yes))


def test_what_is_taken_is_captured_and_can_be_read(subject: Subject) -> None:
    order = an_order()

    taken = subject.payments.take_payment(payment_key=str(order.order_id), order=order, method="card")

    assert (taken.status, taken.captured, taken.refunded) == (PaymentStatus.CAPTURED, order.total, eur(0))
    assert (taken.order_id, taken.amount, taken.method) == (order.order_id, order.total, "card")
    assert subject.payments.payment(payment_id=taken.payment_id) == taken


def test_a_repeat_returns_the_same_payment(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    taken = subject.payments.take_payment(payment_key=key, order=order, method="card")

    assert subject.payments.take_payment(payment_key=key, order=order, method="card") == taken


@pytest.mark.parametrize("method", ["card_timeout", "card_error"])
def test_cards_that_misbehave_are_captured_in_the_same_call(subject: Subject, method: str) -> None:
    order = an_order()

    taken = subject.payments.take_payment(payment_key=str(order.order_id), order=order, method=method)

    assert taken.status == PaymentStatus.CAPTURED


def test_a_declined_card_says_why_each_time(subject: Subject) -> None:
    order = an_order()
    for _ in range(2):
        with pytest.raises(PaymentDeclined) as refused:
            subject.payments.take_payment(payment_key=str(order.order_id), order=order, method="card_declined")

        assert refused.value.members == {"reason": "card_declined"}


def test_unknown_ways_of_paying_are_refused_with_the_known_ones(subject: Subject) -> None:
    subject.payments.check_method(method="card")

    with pytest.raises(UnknownPaymentMethod) as refused:
        subject.payments.check_method(method="cowrie")
    assert refused.value.members == {"methods": ["card", "card_declined", "card_error", "card_timeout"]}
    with pytest.raises(UnknownPaymentMethod):
        subject.payments.take_payment(payment_key=str(new_id()), order=an_order(), method="cowrie")


def test_what_is_returned_is_refunded_in_full_and_closed(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    subject.payments.take_payment(payment_key=key, order=order, method="card")

    returned = subject.payments.return_payment(payment_key=key, reason="customer_request")

    assert returned is not None
    assert (returned.status, returned.refunded) == (PaymentStatus.REFUNDED, order.total)
    assert subject.payments.return_payment(payment_key=key, reason="customer_request") == returned
    with pytest.raises(PaymentClosed):
        subject.payments.take_payment(payment_key=key, order=order, method="card")


def test_a_key_that_was_never_used_is_closed_by_its_return(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)

    assert subject.payments.return_payment(payment_key=key, reason="checkout_failed") is None
    assert subject.payments.return_payment(payment_key=key, reason="checkout_failed") is None
    with pytest.raises(PaymentClosed):
        subject.payments.take_payment(payment_key=key, order=order, method="card")


def test_a_declined_payment_has_nothing_to_return(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    with pytest.raises(PaymentDeclined):
        subject.payments.take_payment(payment_key=key, order=order, method="card_declined")

    returned = subject.payments.return_payment(payment_key=key, reason="payments.declined")

    assert returned is not None
    assert (returned.status, returned.refunded) == (PaymentStatus.DECLINED, eur(0))


def test_while_the_provider_is_silent_a_payment_is_pending_and_a_repeat_ends_it(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    subject.reach_provider(False)
    pending = subject.payments.take_payment(payment_key=key, order=order, method="card")
    subject.reach_provider(True)

    taken = subject.payments.take_payment(payment_key=key, order=order, method="card")

    assert (pending.status, taken.status) == (PaymentStatus.PENDING, PaymentStatus.CAPTURED)
    assert pending.payment_id == taken.payment_id


def test_a_pending_payment_that_never_happened_is_voided_by_its_return(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    subject.reach_provider(False)
    subject.payments.take_payment(payment_key=key, order=order, method="card")
    waiting = subject.payments.return_payment(payment_key=key, reason="checkout_failed")
    subject.reach_provider(True)

    returned = subject.payments.return_payment(payment_key=key, reason="checkout_failed")

    assert waiting is not None
    assert returned is not None
    assert (waiting.status, returned.status) == (PaymentStatus.PENDING, PaymentStatus.VOIDED)


def test_a_return_that_does_not_reach_the_provider_is_pending_until_it_does(subject: Subject) -> None:
    order = an_order()
    key = str(order.order_id)
    subject.payments.take_payment(payment_key=key, order=order, method="card")
    subject.reach_provider(False)
    waiting = subject.payments.return_payment(payment_key=key, reason="customer_request")
    subject.reach_provider(True)

    returned = subject.payments.return_payment(payment_key=key, reason="customer_request")

    assert waiting is not None
    assert returned is not None
    assert (waiting.status, waiting.refunded) == (PaymentStatus.PENDING, eur(0))
    assert (returned.status, returned.refunded) == (PaymentStatus.REFUNDED, order.total)


def test_an_unknown_payment_is_not_found(subject: Subject) -> None:
    with pytest.raises(PaymentNotFound):
        subject.payments.payment(payment_id=new_id())
