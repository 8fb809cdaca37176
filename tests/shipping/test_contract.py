"""What everybody may rely on who asks shipping, on every route; the fake is held to the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.contracts.testing import standing_in
from infra.identifiers import new_id
from infra.money import Money
from modules.shipping.contract import (
    AlreadyDispatched,
    InvalidAddress,
    NotServed,
    ShipmentClosed,
    ShipmentStatus,
    ShippingContract,
    UnknownRate,
)
from modules.shipping.models import Shipment, Zone
from modules.shipping.use_cases.shipments import confirm_shipment, dispatch_shipment
from tests.contract_routes import EachRoute
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.fakes import FakeShipping
from tests.shipping.parcels import BERLIN, NOON, eur, order_details

pytestmark = pytest.mark.usefixtures("database")


class Subject:
    """Shipping on one route, with the two things that a test does to it from behind."""

    def __init__(
        self, shipping: ShippingContract, dispatch: Callable[[str], None], stop_serving: Callable[[str], None]
    ) -> None:
        self.shipping = shipping
        self.dispatch = dispatch
        self.stop_serving = stop_serving


@pytest.fixture(params=["real", "fake"])
def subject(request: pytest.FixtureRequest, each_route: EachRoute) -> object:
    if request.param == "real":
        yield Subject(each_route(ShippingContract), _really_dispatch, _really_stop_serving)
        return
    countries: set[str] = set()
    fake = FakeShipping(not_served=countries)  # type: ignore[arg-type]
    with standing_in(ShippingContract, fake):
        yield Subject(each_route(ShippingContract), fake.dispatch, countries.add)


def _really_dispatch(shipment_key: str) -> None:
    shipment = Shipment.objects.get(key_id=shipment_key)
    confirm_shipment(order_id=shipment.order_id, confirmed_at=NOON)
    dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=FakeCarrier())


def _really_stop_serving(country: str) -> None:
    for zone in Zone.objects.all():
        zone.countries = [known for known in zone.countries if known != country]
        zone.is_active = zone.is_active and not zone.is_rest_of_world
        zone.save()


def test_rates_come_cheapest_first_in_the_currency_of_the_goods(subject: Subject) -> None:
    rates = subject.shipping.quote(address=BERLIN, goods=Money(4000, "USD"), weight_grams=700, rate_code=None)

    assert [rate.code for rate in rates] == ["standard", "express"]
    assert rates[0].price == Money.zero("USD")
    assert rates[1].price > rates[0].price


def test_one_rate_can_be_asked_for_by_its_code(subject: Subject) -> None:
    rates = subject.shipping.quote(address=BERLIN, goods=eur("40.00"), weight_grams=700, rate_code="express")

    assert [(rate.code, rate.price) for rate in rates] == [("express", eur("6.90"))]


def test_an_unknown_rate_is_refused_with_those_that_there_are(subject: Subject) -> None:
    with pytest.raises(UnknownRate) as refusal:
        subject.shipping.quote(address=BERLIN, goods=eur("40.00"), weight_grams=700, rate_code="drone")

    assert refusal.value.members == {"rates": ["express", "standard"]}


def test_an_address_that_its_country_does_not_know_is_refused_field_by_field(subject: Subject) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        subject.shipping.quote(
            address=replace(BERLIN, postcode="1011"), goods=eur("40.00"), weight_grams=700, rate_code=None
        )

    assert [error["pointer"] for error in refusal.value.members["errors"]] == ["/postcode"]


def test_where_nothing_is_sent_there_is_no_rate_and_no_shipment(subject: Subject) -> None:
    subject.stop_serving("DE")

    with pytest.raises(NotServed):
        subject.shipping.quote(address=BERLIN, goods=eur("40.00"), weight_grams=700, rate_code=None)
    with pytest.raises(NotServed):
        subject.shipping.create_shipment(**order_details())


def test_a_shipment_is_created_once_per_key(subject: Subject) -> None:
    order = order_details()

    first = subject.shipping.create_shipment(**order)
    again = subject.shipping.create_shipment(**order | {"rate_code": "nothing that is known"})

    assert again == first
    assert (first.order_id, first.status, first.rate_code) == (order["order_id"], ShipmentStatus.READY, "standard")
    assert first.tracking_number


def test_an_unknown_rate_makes_no_shipment(subject: Subject) -> None:
    order = order_details(rate_code="drone")

    with pytest.raises(UnknownRate):
        subject.shipping.create_shipment(**order)

    assert subject.shipping.create_shipment(**order | {"rate_code": "express"}).rate_code == "express"


def test_a_cancelled_shipment_stays_cancelled(subject: Subject) -> None:
    order = order_details()
    subject.shipping.create_shipment(**order)

    subject.shipping.cancel_shipment(shipment_key=order["shipment_key"])
    subject.shipping.cancel_shipment(shipment_key=order["shipment_key"])

    with pytest.raises(ShipmentClosed):
        subject.shipping.create_shipment(**order)


def test_a_key_cancelled_before_it_was_used_makes_no_shipment(subject: Subject) -> None:
    order = order_details()

    subject.shipping.cancel_shipment(shipment_key=order["shipment_key"])

    with pytest.raises(ShipmentClosed):
        subject.shipping.create_shipment(**order)


def test_a_parcel_that_has_left_is_not_cancelled(subject: Subject) -> None:
    order = order_details(order_id=new_id())
    subject.shipping.create_shipment(**order)
    subject.dispatch(order["shipment_key"])

    with pytest.raises(AlreadyDispatched):
        subject.shipping.cancel_shipment(shipment_key=order["shipment_key"])

    assert subject.shipping.create_shipment(**order).status == ShipmentStatus.DISPATCHED
