"""Tracking: each happening once, the status only ever onwards, delivery announced once."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.shipping.contract import ShipmentStatus
from modules.shipping.gateways.carrier import Scan
from modules.shipping.models import TrackingEvent
from modules.shipping.models.tracking_numbers import is_well_formed, new_tracking_number
from modules.shipping.queries import shipments as known
from modules.shipping.use_cases import carriage, shipments
from tests.shipping.conftest import Announced
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import NOON, dispatched, later, now, prepared

pytestmark = pytest.mark.usefixtures("database")

ACCEPTED = Scan(id="1", at=later(60), status=ShipmentStatus.IN_TRANSIT, description="Accepted", location="Leipzig")
ON_ITS_WAY = replace(ACCEPTED, id="2", at=later(120), description="On the way")
DELIVERED = Scan(id="3", at=later(180), status=ShipmentStatus.DELIVERED, description="Delivered", location="Berlin")


def look(carrier: FakeCarrier, seconds: float) -> None:
    carriage.ask_the_carrier(now=later(seconds), carrier=carrier)


def test_a_dispatched_parcel_is_handed_over_and_followed_to_the_door(
    carrier: FakeCarrier, announced: Announced
) -> None:
    shipment = dispatched(carrier)
    carrier.reports_next(str(shipment.id), ACCEPTED, ON_ITS_WAY, DELIVERED)
    statuses = []

    for seconds in (0, 61, 121, 181, 300):
        look(carrier, seconds)
        statuses.append(now(shipment).status)

    assert carrier.handed_over == {str(shipment.id): NOON}
    assert statuses == ["DISPATCHED", "IN_TRANSIT", "IN_TRANSIT", "DELIVERED", "DELIVERED"]
    assert {event.description for event in known.shipment(shipment.id).events} == {
        *("Being prepared", "Handed to the carrier", "Accepted", "On the way", "Delivered")
    }
    assert announced.kinds() == ["ShipmentDispatched", "ShipmentDelivered"]
    assert now(shipment).delivered_at == DELIVERED.at
    assert now(shipment).due_at is None


@pytest.mark.parametrize("scans", list(itertools.permutations([ACCEPTED, ON_ITS_WAY, DELIVERED])))
def test_scans_in_any_order_and_twice_end_the_same(
    carrier: FakeCarrier, announced: Announced, scans: tuple[Scan, ...]
) -> None:
    shipment = dispatched(carrier)

    for scan in (*scans, *scans):
        before = now(shipment)
        carriage.record_scans(before, [scan])

    assert now(shipment).status == ShipmentStatus.DELIVERED
    assert TrackingEvent.objects.count() == 3
    assert announced.kinds() == ["ShipmentDispatched", "ShipmentDelivered"]


def test_a_late_scan_is_kept_and_does_not_bring_the_parcel_back(carrier: FakeCarrier) -> None:
    shipment = dispatched(carrier)
    carriage.record_scans(shipment, [DELIVERED])

    assert carriage.record_scans(shipment, [ACCEPTED]) == ShipmentStatus.DELIVERED

    assert now(shipment).delivered_at == DELIVERED.at


def test_what_the_carrier_says_of_a_cancelled_parcel_is_not_kept() -> None:
    shipment = prepared()
    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)

    assert carriage.record_scans(shipment, [DELIVERED]) == ShipmentStatus.CANCELLED
    assert not shipment.tracking_events.exists()


def test_tracking_numbers_cannot_be_guessed_and_are_well_formed() -> None:
    numbers = {new_tracking_number() for _ in range(2000)}

    assert len(numbers) == 2000
    assert all(is_well_formed(number) for number in numbers)


@given(position=st.integers(2, 16), replacement=st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_wrong_character_in_a_tracking_number_is_noticed(position: int, replacement: str) -> None:
    number = new_tracking_number()
    mistyped = number[:position] + replacement + number[position + 1 :]

    assert is_well_formed(mistyped) == (mistyped == number)
