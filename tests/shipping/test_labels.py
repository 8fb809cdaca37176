"""Labels: bought after the order is confirmed, once, and given back where the shipment is called off."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.conf import settings

from infra.contracts import resolve
from infra.events.testing import announce
from infra.identifiers import new_id
from infra.money import Money
from infra.schedule.testing import run_all_due
from modules.orders.events import OrderConfirmed
from modules.shipping.contract import ShipmentStatus, ShippingContract
from modules.shipping.gateways.built_in import CarriedParcel
from modules.shipping.models import Shipment
from modules.shipping.use_cases import carriage, shipments
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import NOON, confirmed, dispatched, labelled, later, now, order_details, prepared

pytestmark = pytest.mark.usefixtures("database")


def ask(carrier: FakeCarrier, seconds: float = 0) -> int:
    return carriage.ask_the_carrier(now=later(seconds), carrier=carrier)


def test_no_carrier_is_asked_before_the_order_is_confirmed(carrier: FakeCarrier) -> None:
    shipment = prepared()

    assert ask(carrier) == 0

    assert carrier.calls == 0
    assert now(shipment).carrier_reference == ""


def test_the_confirmed_order_gets_its_label(carrier: FakeCarrier) -> None:
    shipment = labelled(carrier)

    assert shipment.carrier_reference == carrier.labels[str(shipment.id)].reference
    assert shipment.carrier == "Fake Parcel"
    assert ask(carrier, 10_000) == 0


def test_a_label_whose_answer_was_lost_is_not_bought_again(carrier: FakeCarrier) -> None:
    shipment = confirmed()
    carrier.loses_answers = True
    ask(carrier)
    assert (now(shipment).carrier_reference, now(shipment).attempts) == ("", 1)
    assert now(shipment).problem

    carrier.loses_answers = False
    ask(carrier, carriage.LEASE_SECONDS)

    assert len(carrier.labels) == 1
    assert now(shipment).carrier_reference == "F000000"
    assert (now(shipment).attempts, now(shipment).problem) == (0, "")


def test_a_failing_carrier_is_asked_ever_more_rarely(carrier: FakeCarrier) -> None:
    shipment = confirmed()
    carrier.fails = True
    moments = []

    for _ in range(8):
        due_at = now(shipment).due_at
        assert due_at is not None
        carriage.ask_the_carrier(now=due_at, carrier=carrier)
        moments.append(due_at)

    pauses = [int((after - before).total_seconds()) for before, after in pairwise(moments)]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600]


def test_one_broken_parcel_does_not_stop_the_others(carrier: FakeCarrier) -> None:
    broken, good = confirmed(), confirmed()
    Shipment.objects.filter(id=broken.id).update(address={"not": "an address"})

    assert ask(carrier) == 2

    assert now(good).carrier_reference
    assert "TypeError" in now(broken).problem


def test_a_shipment_that_is_being_worked_on_is_not_taken_twice(carrier: FakeCarrier) -> None:
    confirmed()
    taken_meanwhile = []
    other = FakeCarrier()
    carrier.during_booking = lambda: taken_meanwhile.append(ask(other))

    ask(carrier)

    assert taken_meanwhile == [0]


def test_cancelled_while_the_label_is_being_bought_gives_it_back(carrier: FakeCarrier) -> None:
    shipment = confirmed()
    carrier.during_booking = lambda: shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)

    ask(carrier)

    assert carrier.withdrawn == {str(shipment.id)}
    assert now(shipment).status == ShipmentStatus.CANCELLED


def test_cancelled_with_a_label_gives_it_back_even_when_the_carrier_fails_at_first(carrier: FakeCarrier) -> None:
    shipment = labelled(carrier)
    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)
    carrier.fails = True
    ask(carrier)
    assert carrier.withdrawn == set()

    carrier.fails = False
    ask(carrier, carriage.LEASE_SECONDS)

    assert carrier.withdrawn == {str(shipment.id)}
    assert now(shipment).due_at is None


def test_cancelled_without_a_label_asks_no_carrier(carrier: FakeCarrier) -> None:
    shipment = confirmed()
    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)

    assert ask(carrier, 10_000) == 0
    assert carrier.calls == 0


def test_dispatch_buys_a_label_that_is_still_missing(carrier: FakeCarrier) -> None:
    shipment = confirmed()

    shipments.dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=carrier)

    assert now(shipment).status == ShipmentStatus.DISPATCHED
    assert now(shipment).carrier_reference
    assert len(carrier.labels) == 1


def test_a_dispatch_that_dies_while_buying_leaves_a_trace_for_the_cancellation(carrier: FakeCarrier) -> None:
    shipment = confirmed()

    def die() -> None:
        raise KeyboardInterrupt

    carrier.during_booking = die
    with pytest.raises(KeyboardInterrupt):
        shipments.dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=carrier)
    carrier.during_booking = None

    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)
    ask(carrier, 1)

    assert carrier.withdrawn == {str(shipment.id)}


def test_every_piece_ordered_has_left_after_dispatch(carrier: FakeCarrier) -> None:
    shipment = dispatched(carrier)

    assert [(line.ordered, line.shipped) for line in shipment.lines.all()] == [(2, 2)]


def test_the_whole_way_by_event_and_periodic_task_with_the_built_in_carrier() -> None:
    order = order_details(order_id=new_id())
    resolve(ShippingContract).create_shipment(**order)
    announce(
        OrderConfirmed(
            order_id=order["order_id"],
            number="B-1",
            customer_id=None,
            email="anna@example.com",
            recipient="Anna",
            lines=(),
            shipping=Money.zero("EUR"),
            total=Money.zero("EUR"),
        )
    )
    run_all_due(of="shipping", regardless_of_time=True)

    shipment = Shipment.objects.get(order_id=order["order_id"])
    assert settings.SHIPPING_CARRIER.endswith("BuiltInCarrier")
    assert CarriedParcel.objects.get().reference == shipment.carrier_reference
