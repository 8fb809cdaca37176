"""Each thing that the database forbids, tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model

from modules.shipping.contract import ShipmentStatus
from modules.shipping.models import (
    Method,
    Rate,
    RateStep,
    Shipment,
    ShipmentKey,
    ShipmentLine,
    TrackingEvent,
    Zone,
)
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import NOON, confirmed, dispatched, labelled, prepared

pytestmark = pytest.mark.usefixtures("database")

R, D, T, E, C = ShipmentStatus  # ready, dispatched, in transit, delivered (at the end), cancelled
ALLOWED = {(R, D), (R, C), (D, T), (D, E), (T, E)}
MOMENTS: Mapping[ShipmentStatus, dict[str, Any]] = {
    R: {"delivered_at": None, "cancelled_at": None},
    D: {"delivered_at": None, "cancelled_at": None},
    T: {"delivered_at": None, "cancelled_at": None},
    E: {"delivered_at": NOON, "cancelled_at": None},
    C: {"delivered_at": None, "cancelled_at": NOON},
}
WAYS_TO = {R: (), D: (D,), T: (D, T), E: (D, E), C: (C,)}


def refused_as(name: str, act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic(using="shipping"):
        act()


def change(row: Model, **values: Any) -> Callable[[], object]:
    return lambda: type(row)._default_manager.filter(pk=row.pk).update(**values)


def step(shipment: Shipment, status: ShipmentStatus) -> None:
    Shipment.objects.filter(id=shipment.id).update(status=status, dispatched_at=NOON, **MOMENTS[status])


@pytest.mark.parametrize("target", list(ShipmentStatus))
@pytest.mark.parametrize("source", list(ShipmentStatus))
def test_a_shipment_only_moves_on(carrier: FakeCarrier, source: ShipmentStatus, target: ShipmentStatus) -> None:
    shipment = labelled(carrier)
    for status in WAYS_TO[source]:
        step(shipment, status)

    if (source, target) in ALLOWED or source == target:
        step(shipment, target)
        assert Shipment.objects.get().status == target
    else:
        refused_as("cannot go from", lambda: step(shipment, target))
        assert Shipment.objects.get().status == source


def test_a_shipment_keeps_its_order_its_key_and_its_number() -> None:
    first, other = prepared(), prepared()

    for values in ({"order_id": other.id}, {"tracking_number": other.tracking_number[::-1]}, {"key_id": other.key_id}):
        refused_as("for ever", change(first, **values))


def test_nothing_leaves_unpaid_or_without_a_label(carrier: FakeCarrier) -> None:
    unpaid, unlabelled = prepared(), confirmed()

    for shipment in (unpaid, unlabelled):
        leaving = change(shipment, status=D, dispatched_at=NOON)
        refused_as("shipment_leaves_confirmed_and_labelled", leaving)


def test_an_order_has_one_shipment_that_is_not_cancelled() -> None:
    first = prepared()
    other = prepared()
    key = ShipmentKey.objects.create(key="second parcel")
    copy = Shipment(key=key, order_id=first.order_id, tracking_number="BN" + "0" * 15, address={}, rate_code="standard")

    refused_as("shipment_one_per_order", lambda: copy.save(force_insert=True))

    Shipment.objects.filter(id=first.id).update(status=C, cancelled_at=NOON)
    copy.save(force_insert=True)
    assert Shipment.objects.exclude(id=other.id).count() == 2


def test_a_label_belongs_to_one_shipment(carrier: FakeCarrier) -> None:
    first, second = labelled(carrier), confirmed()

    refused_as(
        "shipment_one_per_label",
        change(second, carrier=first.carrier, carrier_reference=first.carrier_reference),
    )


def test_statuses_and_their_moments_agree(carrier: FakeCarrier) -> None:
    shipment = dispatched(carrier)

    refused_as("shipment_delivered_when_it_says_so", change(shipment, status=E))
    refused_as("shipment_delivered_when_it_says_so", change(shipment, delivered_at=NOON))
    refused_as("shipment_cancelled_when_it_says_so", change(shipment, cancelled_at=NOON))
    refused_as("shipment_cancelled_when_it_says_so", change(prepared(), status=C))
    refused_as("shipment_status_known", lambda: make_with_status("LOST"))
    refused_as("shipment_tracking_number_form", lambda: make_with_number("1234"))


def make_with_status(status: str) -> None:
    Shipment.objects.create(
        key=new_key(), order_id=NO_ORDER, tracking_number="BN" + "0" * 15, address={}, status=status
    )


def make_with_number(number: str) -> None:
    Shipment.objects.create(key=new_key(), order_id=NO_ORDER, tracking_number=number, address={})


def new_key() -> ShipmentKey:
    return ShipmentKey.objects.create(key="another key")


NO_ORDER = "00000000-0000-7000-8000-000000000000"


def test_tracking_numbers_are_unique() -> None:
    number = prepared().tracking_number

    refused_as("shipping_shipment_tracking_number", lambda: make_with_number(number))


def test_a_closed_key_stays_closed() -> None:
    key = ShipmentKey.objects.create(key="k", is_closed=True)

    refused_as("closed for ever", change(key, is_closed=False))


def test_no_more_pieces_are_shipped_than_were_ordered(carrier: FakeCarrier) -> None:
    line = ShipmentLine.objects.get(shipment=prepared())

    refused_as("shipment_line_ships_no_more", change(line, shipped=3))
    refused_as("shipment_line_orders_something", change_new_line(line, ordered=0))


def change_new_line(line: ShipmentLine, **values: Any) -> Callable[[], object]:
    return lambda: ShipmentLine.objects.create(
        **{"shipment": line.shipment, "sku": "x", "name": "x", "weight_grams": 1} | values
    )


def test_pieces_that_left_do_not_return_and_the_order_does_not_change(carrier: FakeCarrier) -> None:
    line = ShipmentLine.objects.get(shipment=dispatched(carrier))

    refused_as("as it stands", change(line, shipped=1))
    refused_as("as it stands", change(line, ordered=3))


def test_a_happening_is_kept_once(carrier: FakeCarrier) -> None:
    happening = {"shipment": dispatched(carrier), "carrier_event": "1", "status": T, "description": "", "at": NOON}
    TrackingEvent.objects.create(**happening)

    refused_as("tracking_event_once", lambda: TrackingEvent.objects.create(**happening))


@pytest.mark.parametrize(
    ("guard", "values"),
    [
        ("zone_one_rest_of_world", {"is_rest_of_world": True}),
        ("zone_rest_of_world_names_no_place", {"is_rest_of_world": True, "countries": ["DE"]}),
        ("zone_countries_are_codes", {"countries": ["de"]}),
        ("zone_postcodes_are_prefixes", {"only_postcodes": ["D1-"]}),
        ("zone_postcodes_are_prefixes", {"except_postcodes": ["35"]}),
        ("priority", {"priority": 10}),
        ("code", {"code": "germany"}),
        ("priority", {"priority": -1}),
    ],
)
def test_zones_cannot_be_ambiguous_or_malformed(guard: str, values: dict[str, Any]) -> None:
    zone = {"code": "new", "name": "New", "priority": 7, "countries": []} | values

    refused_as(guard, lambda: Zone.objects.create(**zone))


@pytest.mark.parametrize(
    ("guard", "values"),
    [
        ("rate_one_per_zone_method_currency", {"currency": None, "kind": "FREE", "amount": 0}),
        ("rate_kind_known", {"kind": "MAGIC"}),
        ("rate_free_costs_nothing", {"kind": "FREE", "amount": 1}),
        ("rate_free_costs_nothing", {"kind": "FREE", "amount": 0, "free_from": 10}),
        ("rate_price_has_currency", {"currency": None}),
        ("rate_price_has_currency", {"currency": "eur"}),
        ("rate_days_ascend", {"days_min": 3, "days_max": 2}),
        ("amount", {"amount": -1}),
        ("max_weight_grams", {"max_weight_grams": -1}),
    ],
)
def test_rates_cannot_be_ambiguous_or_contradict_themselves(guard: str, values: dict[str, Any]) -> None:
    rate = {"kind": "FLAT", "currency": "EUR", "amount": 500, "days_min": 1, "days_max": 2} | values
    place = {"zone": Zone.objects.get(code="germany"), "method": Method.objects.get(code="standard")}

    refused_as(guard, lambda: Rate.objects.create(**place, **rate))


def test_bands_begin_above_zero_each_once_and_only_where_there_are_bands() -> None:
    by_weight = Rate.objects.get(zone__code="european-union", method__code="express", currency="EUR")
    flat = Rate.objects.get(zone__code="germany", method__code="express", currency="EUR")

    def add(rate: Rate, from_value: int) -> Callable[[], object]:
        return lambda: RateStep.objects.create(rate=rate, from_value=from_value, amount=1)

    refused_as("rate_step_above_zero", add(by_weight, 0))
    refused_as("rate_step_one_per_bound", add(by_weight, 2_000))
    refused_as("has no bands", add(flat, 2_000))
    refused_as("has steps", change(by_weight, kind="FLAT"))


def test_a_method_with_rates_is_not_deleted() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(using="shipping"):
        Method.objects.filter(code="standard")._raw_delete("shipping")
