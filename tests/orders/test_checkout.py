"""The checkout saga: it ends well, or everything is given back, wherever its driver dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from infra.contracts.errors import ContractTimeout, ContractUnavailable
from modules.catalog.contract import OutOfStock
from modules.orders.models import Checkout, Order
from modules.orders.use_cases.checkout import drive_checkout, turn_back
from modules.orders.use_cases.checkout_record import LeaseLost, take_over_checkout
from tests.orders.neighbours import money_kept, sells
from tests.orders.ordering import bought, let_the_completer_finish, offer, placed
from tests.orders.partners import Killed, Switchboard, die, fail_with

pytestmark = pytest.mark.usefixtures("database")

STEPS = ("reserve_stock", "take_payment", "create_shipment", "commit_stock")
WAYS_BACK = ("cancel_shipment", "return_payment", "release_stock")


def events_of(order: Order) -> list[str]:
    return list(order.history.order_by("at", "id").values_list("event", flat=True))


def test_a_checkout_goes_step_by_step_to_a_confirmed_order() -> None:
    sku = sells(pieces=10)
    line = Switchboard()

    order = bought(sku, pieces=2, partners=line.partners())

    assert order.status == "CONFIRMED"
    assert [call for call in line.calls if call in STEPS] == list(STEPS)
    assert events_of(order) == ["placed", "stock_reserved", "paid", "shipment_prepared", "stock_sold", "confirmed"]
    assert offer(sku).available == 8
    assert money_kept(order) == 2400
    assert order.payment_status == "CAPTURED"
    assert order.tracking_number


def test_a_declined_card_cancels_the_order_and_gives_the_stock_back() -> None:
    sku = sells(pieces=10)

    order = bought(sku, method="card_declined")

    assert order.status == "CANCELLED"
    assert order.cancellation_reason == "payments.declined"
    assert offer(sku).available == 10
    assert money_kept(order) == 0
    checkout = Checkout.objects.get(order=order)
    assert (checkout.state, checkout.failure_status) == ("SETTLED", 402)


@pytest.mark.parametrize("method", ["card_timeout", "card_error"])
def test_a_card_that_misbehaves_is_charged_once(method: str) -> None:
    sku = sells()

    order = let_the_completer_finish(bought(sku, method=method))

    assert order.status == "CONFIRMED"
    assert money_kept(order) == 2400


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_driver_that_dies_at_a_step_is_followed_by_one_that_confirms_the_order(step: str, moment: str) -> None:
    sku = sells(pieces=10)
    line = Switchboard()
    getattr(line, moment)(step, die)
    with pytest.raises(Killed):
        bought(sku, pieces=2, partners=line.partners())

    order = let_the_completer_finish(Order.objects.get())

    assert order.status == "CONFIRMED"
    assert offer(sku).available == 8
    assert money_kept(order) == 2400
    assert events_of(order).count("paid") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("way_back", WAYS_BACK)
def test_a_driver_that_dies_on_the_way_back_is_followed_by_one_that_gives_the_rest_back(
    way_back: str, moment: str
) -> None:
    sku = sells(pieces=10)
    line = Switchboard()
    line.before("commit_stock", fail_with(OutOfStock()))  # so late that everything has to be given back
    getattr(line, moment)(way_back, die)
    with pytest.raises(Killed):
        bought(sku, partners=line.partners())

    order = let_the_completer_finish(Order.objects.get())

    assert (order.status, order.cancellation_reason) == ("CANCELLED", "catalog.out_of_stock")
    assert offer(sku).available == 10
    assert money_kept(order) == 0
    assert order.shipment_status == "CANCELLED"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [ContractUnavailable("down"), ContractTimeout("slow")])
def test_a_partner_that_cannot_be_reached_leaves_the_order_pending_until_it_can(step: str, error: Exception) -> None:
    sku = sells()
    line = Switchboard()
    line.after(step, fail_with(error))  # the worse case: the work was done and the answer lost

    order = bought(sku, partners=line.partners())

    assert order.status == "PENDING"
    checkout = Checkout.objects.get(order=order)
    assert checkout.attempts == 1
    assert checkout.lease_until is None
    assert checkout.next_attempt_at is not None
    assert checkout.next_attempt_at > timezone.now()

    order = let_the_completer_finish(order)
    assert order.status == "CONFIRMED"
    assert money_kept(order) == 2400


def test_a_checkout_that_cannot_end_in_time_is_called_off() -> None:
    sku = sells(pieces=10)
    line = Switchboard()
    line.before("take_payment", fail_with(ContractUnavailable("down")))
    order = bought(sku, partners=line.partners())
    Checkout.objects.filter(order=order).update(deadline_at=timezone.now() - timedelta(seconds=1))

    order = let_the_completer_finish(order)

    assert (order.status, order.cancellation_reason) == ("CANCELLED", "orders.checkout_timed_out")
    assert offer(sku).available == 10


def test_a_driver_that_was_taken_over_changes_nothing_more() -> None:
    order = placed(sells())
    stale = Checkout.objects.select_related("order").get(order=order)
    Checkout.objects.filter(order=order).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert take_over_checkout(order_id=order.id) is not None

    with pytest.raises(LeaseLost):
        turn_back(stale, code="zombie", detail="", status=409)
    assert drive_checkout(checkout=stale, partners=Switchboard().partners()).status == "PENDING"

    assert Checkout.objects.get(order=order).step == "reserve_stock"
    assert events_of(order) == ["placed"]


def test_a_checkout_that_somebody_drives_is_not_taken_over() -> None:
    order = placed(sells())

    assert take_over_checkout(order_id=order.id) is None


def test_a_defect_in_a_step_is_tried_again_rather_than_lost(caplog: pytest.LogCaptureFixture) -> None:
    line = Switchboard()
    line.before("create_shipment", fail_with(ZeroDivisionError("defect")))

    order = bought(sells(), partners=line.partners())

    assert order.status == "PENDING"
    assert "checkout_step_failed" in caplog.text
    assert let_the_completer_finish(order).status == "CONFIRMED"
