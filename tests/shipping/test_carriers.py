"""What every carrier must keep to: the built-in one and the tests' own. A new carrier is added to `carrier`."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import override_settings

from modules.shipping.contract import ShipmentStatus
from modules.shipping.gateways.built_in import BuiltInCarrier, CarriedParcel
from modules.shipping.gateways.carrier import Carrier, LabelRefused, Parcel
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import BERLIN, NOON, later

pytestmark = pytest.mark.usefixtures("database")

PARCEL = Parcel(tracking_number="BN000000000000000", address=BERLIN, weight_grams=700, rate_code="standard")


@pytest.fixture(params=[BuiltInCarrier, FakeCarrier])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    made: Carrier = request.param()
    return made


def test_a_label_is_sold_once_per_key(carrier: Carrier) -> None:
    first = carrier.book(booking_key="k", parcel=PARCEL)
    again = carrier.book(booking_key="k", parcel=PARCEL)
    other = carrier.book(booking_key="l", parcel=PARCEL)

    assert first == again
    assert other.reference != first.reference
    assert first.carrier == carrier.name


def test_a_withdrawn_key_sells_no_label_not_even_one_that_was_never_used(carrier: Carrier) -> None:
    carrier.book(booking_key="used", parcel=PARCEL)

    for key in ("used", "never used", "used"):
        carrier.withdraw(booking_key=key)

    for key in ("used", "never used"):
        with pytest.raises(LabelRefused):
            carrier.book(booking_key=key, parcel=PARCEL)


def test_a_parcel_that_the_carrier_does_not_have_was_not_seen(carrier: Carrier) -> None:
    carrier.book(booking_key="k", parcel=PARCEL)

    assert carrier.scans(booking_key="k", now=later(10**6)) == ()
    assert carrier.scans(booking_key="unknown", now=later(10**6)) == ()


def test_handing_over_twice_is_handing_over_once(carrier: Carrier) -> None:
    carrier.book(booking_key="k", parcel=PARCEL)

    carrier.hand_over(booking_key="k", at=NOON)
    before = carrier.scans(booking_key="k", now=later(10**6))
    carrier.hand_over(booking_key="k", at=later(3600))

    assert carrier.scans(booking_key="k", now=later(10**6)) == before


@override_settings(BUILT_IN_CARRIER_TRANSIT_SECONDS=1000)
def test_the_built_in_carrier_brings_the_parcel_within_the_time_set() -> None:
    carrier = BuiltInCarrier()
    carrier.book(booking_key="k", parcel=PARCEL)
    carrier.hand_over(booking_key="k", at=NOON)

    seen = [len(carrier.scans(booking_key="k", now=later(seconds))) for seconds in (0, 50, 300, 650, 850, 999, 1000)]

    assert seen == [0, 1, 2, 3, 4, 4, 5]
    last = carrier.scans(booking_key="k", now=later(1000))[-1]
    assert (last.status, last.at, last.location) == (ShipmentStatus.DELIVERED, later(1000), "Germany")


def test_the_built_in_carrier_refuses_to_be_called_in_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="open transaction"), transaction.atomic(using="shipping"):
        BuiltInCarrier().book(booking_key="k", parcel=PARCEL)

    assert not CarriedParcel.objects.exists()
