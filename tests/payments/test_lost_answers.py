"""Lost answers and dead processes: one charge, whatever dies between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.events.testing import published
from modules.payments.contract import PaymentClosed, PaymentStatus
from modules.payments.events import PaymentCaptured, PaymentRefunded, PaymentVoided
from modules.payments.gateways.provider import ProviderError
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Payment
from modules.payments.queries.reconciliation import open_items
from modules.payments.use_cases.unfinished import go_on_with_open_attempts, go_on_with_returns
from tests.payments.hostile_provider import HostileProvider, Killed, die, lose_the_answer
from tests.payments.purchases import LATER, NOW, an_order, give_back, refund, take

pytestmark = pytest.mark.usefixtures("database")
SOON = NOW + timedelta(minutes=2)


def charges(provider: HostileProvider) -> int:
    return sum(1 for line in provider.statement() if line.movement == "captured")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_around_the_charge_leaves_one_charge_to_the_repeat(
    provider: HostileProvider, moment: str
) -> None:
    order = an_order()
    getattr(provider, moment)("charge", die)
    with pytest.raises(Killed):
        take(order)
    provider.heal()

    payment = take(order)

    assert payment.status == PaymentStatus.CAPTURED
    assert charges(provider) == 1
    assert {key for _, key in provider.calls} == {str(Attempt.objects.get().id)}  # one key, stored before it was used
    assert open_items(now=LATER) == []


def test_the_key_of_an_attempt_is_stored_before_the_provider_hears_of_it(provider: HostileProvider) -> None:
    stored: list[Attempt] = []
    provider.before("charge", lambda: stored.extend(Attempt.objects.all()))

    take()

    assert [(attempt.status, str(attempt.id)) for attempt in stored] == [(AttemptStatus.OPEN, provider.calls[0][1])]


def test_an_answer_that_is_lost_is_looked_up_at_once(provider: HostileProvider) -> None:
    provider.after("charge", lose_the_answer)

    payment = take()

    assert payment.status == PaymentStatus.CAPTURED
    assert [call for call, _ in provider.calls] == ["charge", "find"]


def test_a_charge_that_never_arrived_is_sent_again_with_the_same_key(provider: HostileProvider) -> None:
    failures = iter([lose_the_answer])
    provider.before("charge", lambda: next(failures, lambda: None)())

    payment = take()

    assert payment.status == PaymentStatus.CAPTURED
    assert [call for call, _ in provider.calls] == ["charge", "find", "charge"]
    assert len({key for _, key in provider.calls}) == 1


def test_a_provider_that_keeps_failing_is_asked_a_bounded_number_of_times(provider: HostileProvider) -> None:
    def fail() -> None:
        raise ProviderError("No.")

    provider.before("charge", fail)

    payment = take()

    assert payment.status == PaymentStatus.PENDING
    assert len(provider.calls) == 3
    assert charges(provider) == 0


def test_a_defect_of_an_adapter_counts_as_a_lost_answer(provider: HostileProvider) -> None:
    def stumble() -> None:
        raise KeyError("id")

    provider.after("charge", stumble)

    assert take().status == PaymentStatus.CAPTURED


def test_the_periodic_task_finds_the_charge_whose_caller_died(provider: HostileProvider) -> None:
    order = an_order()
    provider.after("charge", die)
    with pytest.raises(Killed):
        take(order)
    provider.heal()

    go_on_with_open_attempts(now=NOW)
    assert Payment.objects.get().status == PaymentStatus.PENDING  # the call may still be under way
    go_on_with_open_attempts(now=SOON)

    assert Payment.objects.get().status == PaymentStatus.CAPTURED
    assert len(published(PaymentCaptured)) == 1


def test_the_periodic_task_takes_no_money_that_nobody_asks_for_any_more(provider: HostileProvider) -> None:
    provider.before("charge", die)
    with pytest.raises(Killed):
        take()
    provider.heal()

    go_on_with_open_attempts(now=SOON)

    assert Payment.objects.get().status == PaymentStatus.PENDING
    assert charges(provider) == 0
    assert [item.kind for item in open_items(now=LATER)] == ["attempt_open"]


def test_an_unknown_outcome_is_asked_about_less_and_less_often(provider: HostileProvider) -> None:
    provider.is_out_of_reach()
    take()

    gaps = []
    now = NOW
    for _ in range(12):
        due_at = Attempt.objects.get().due_at
        assert due_at is not None
        gaps.append((due_at - now).total_seconds())
        now = due_at
        go_on_with_open_attempts(now=now)

    assert gaps == sorted(gaps)
    assert gaps[-1] == 3600


def test_the_return_of_a_charge_on_its_way_leaves_nothing_taken(provider: HostileProvider) -> None:
    order = an_order()
    provider.before("charge", lambda: _return_now(order.order_id))

    with pytest.raises(PaymentClosed):
        take(order)

    assert Payment.objects.get().status == PaymentStatus.VOIDED
    assert charges(provider) == 0  # the key was closed at the provider before the charge arrived
    assert len(published(PaymentVoided)) == 1
    assert open_items(now=LATER) == []


def test_the_return_of_a_charge_whose_answer_is_on_its_way_gives_it_back(provider: HostileProvider) -> None:
    order = an_order()
    provider.after("charge", lambda: _return_now(order.order_id))

    with pytest.raises(PaymentClosed):
        take(order)

    payment = Payment.objects.get()
    assert (payment.status, payment.refunded) == (PaymentStatus.REFUNDED, payment.amount)
    assert open_items(now=LATER) == []


def test_money_that_comes_in_for_an_abandoned_attempt_is_recorded_and_given_back(provider: HostileProvider) -> None:
    # A provider that cannot close keys said "never seen", and then the charge arrived after all.
    order = an_order()

    def return_without_closing_the_key() -> None:
        provider.heal()
        provider.sandbox.close = lambda key: None  # type: ignore[method-assign, misc]
        give_back(order.order_id)

    provider.before("charge", return_without_closing_the_key)

    with pytest.raises(PaymentClosed):
        take(order)

    payment = Payment.objects.get()
    assert (payment.status, payment.refunded) == (PaymentStatus.REFUNDED, payment.amount)
    assert [type(event) for event in published(PaymentVoided, PaymentCaptured, PaymentRefunded)] == [
        PaymentVoided,
        PaymentCaptured,
        PaymentRefunded,
    ]
    assert open_items(now=LATER) == []


def test_a_return_out_of_reach_is_gone_on_with_until_it_is_done(provider: HostileProvider) -> None:
    payment = take()
    provider.is_out_of_reach()
    give_back(payment.payment_key)
    provider.heal()

    go_on_with_returns(now=SOON)

    payment.refresh_from_db()
    assert (payment.status, payment.return_due_at) == (PaymentStatus.REFUNDED, None)
    assert Attempt.objects.filter(kind=AttemptKind.REFUND).count() == 1
    assert open_items(now=LATER) == []


def test_a_process_that_dies_within_a_return_refunds_once(provider: HostileProvider) -> None:
    payment = take()
    provider.after("refund", die)
    with pytest.raises(Killed):
        give_back(payment.payment_key)
    provider.heal()

    go_on_with_returns(now=SOON)

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.REFUNDED
    assert [line.movement for line in provider.statement()] == ["captured", "refunded"]
    assert open_items(now=LATER) == []


def test_a_refund_whose_answer_was_lost_is_finished_by_the_periodic_task(provider: HostileProvider) -> None:
    payment = take()
    provider.after("refund", lose_the_answer)
    provider.before("find", lose_the_answer)

    pending = refund(payment, 1000)
    provider.heal()
    go_on_with_open_attempts(now=SOON)

    assert pending.status == AttemptStatus.OPEN
    payment.refresh_from_db()
    assert (payment.status, payment.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, 1000)
    assert open_items(now=LATER) == []


def _return_now(order_id: object) -> None:
    give_back(str(order_id))
