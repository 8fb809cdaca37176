from __future__ import annotations

import pytest
from django.utils import timezone

from infra.contracts.errors import ContractUnavailable
from infra.identifiers import new_id
from modules.orders.models import Checkout, Order
from modules.orders.use_cases.cancelling import (
    CancellationRefused,
    CheckoutUnderWay,
    OrderNotFound,
    cancel_order,
)
from modules.shipping.contract import AlreadyDispatched
from tests.orders.neighbours import money_kept, sells
from tests.orders.ordering import CUSTOMER, bought, let_the_completer_finish, offer, placed
from tests.orders.partners import Killed, Switchboard, die, fail_with

pytestmark = pytest.mark.usefixtures("database")


def cancel(order: Order, line: Switchboard | None = None) -> Order:
    partners = (line or Switchboard()).partners()
    return cancel_order(order_id=order.id, customer_id=CUSTOMER, by_staff=False, partners=partners)


def test_a_confirmed_order_is_cancelled_and_everything_given_back() -> None:
    sku = sells(pieces=10)
    order = bought(sku)

    cancelled = cancel(order)

    assert (cancelled.status, cancelled.cancellation_reason) == ("CANCELLED", "customer_request")
    assert offer(sku).available == 10
    assert money_kept(order) == 0
    assert cancelled.payment_status == "REFUNDED"


def test_cancelling_again_changes_nothing() -> None:
    order = bought(sells())
    cancel(order)
    line = Switchboard()

    assert cancel(order, line).status == "CANCELLED"
    assert line.calls == []


def test_a_parcel_that_has_left_keeps_the_order_confirmed_and_the_money_taken() -> None:
    sku = sells(pieces=10)
    order = bought(sku)
    line = Switchboard()
    line.before("cancel_shipment", fail_with(AlreadyDispatched()))

    with pytest.raises(CancellationRefused) as refusal:
        cancel(order, line)

    assert refusal.value.members == {"reason": "shipping.already_dispatched"}
    order.refresh_from_db()
    assert order.status == "CONFIRMED"
    assert Checkout.objects.get(order=order).state == "SETTLED"
    assert money_kept(order) == 2400
    assert offer(sku).available == 8
    assert "return_payment" not in line.calls


def test_an_order_whose_checkout_is_driven_right_now_is_not_cancelled_under_the_drivers_hands() -> None:
    order = placed(sells())

    with pytest.raises(CheckoutUnderWay):
        cancel(order)


def test_a_pending_order_that_waits_for_a_partner_is_cancelled() -> None:
    sku = sells(pieces=10)
    line = Switchboard()
    line.after("take_payment", fail_with(ContractUnavailable("down")))
    order = bought(sku, partners=line.partners())

    assert cancel(order).status == "CANCELLED"
    assert offer(sku).available == 10
    assert money_kept(order) == 0


def test_a_cancellation_that_dies_half_way_is_finished() -> None:
    sku = sells(pieces=10)
    order = bought(sku)
    line = Switchboard()
    line.after("return_payment", die)
    with pytest.raises(Killed):
        cancel(order, line)

    order = let_the_completer_finish(order)

    assert order.status == "CANCELLED"
    assert money_kept(order) == 0
    assert offer(sku).available == 10


def test_somebody_elses_order_is_not_found() -> None:
    order = bought(sells())

    with pytest.raises(OrderNotFound):
        cancel_order(order_id=order.id, customer_id=new_id(), by_staff=False, partners=Switchboard().partners())
    assert Order.objects.get(id=order.id).status == "CONFIRMED"


def test_staff_may_cancel_anybodys_order() -> None:
    order = bought(sells())

    cancelled = cancel_order(order_id=order.id, customer_id=None, by_staff=True, partners=Switchboard().partners())

    assert cancelled.status == "CANCELLED"
    assert cancelled.history.filter(event="cancellation_requested", actor="staff", at__lte=timezone.now()).exists()
