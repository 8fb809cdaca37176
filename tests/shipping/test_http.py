"""Shipping over HTTP."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

import pytest

from modules.shipping.contract import ShipmentStatus
from modules.shipping.gateways.carrier import Scan
from modules.shipping.models import Zone
from modules.shipping.use_cases import carriage, shipments
from tests.api import Api
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import NOON, confirmed, dispatched, later, now, prepared

pytestmark = pytest.mark.usefixtures("database")


def rates_at(**parameters: object) -> str:
    return f"/api/v1/shipping/rates?{urlencode(parameters)}"


def shipment_at(shipment_id: object) -> str:
    return f"/api/v1/shipping/shipments/{shipment_id}"


def test_rates_of_a_place_come_cheapest_first(api: Api) -> None:
    answer = api.get(rates_at(country="DE", postcode="10119"))

    assert answer.status_code == 200
    assert answer.json() == {
        "data": [
            {
                "code": "standard",
                "name": "Standard delivery",
                "price": {"amount": 0, "currency": "EUR"},
                "daysMin": 2,
                "daysMax": 3,
            },
            {
                "code": "express",
                "name": "Express delivery",
                "price": {"amount": 690, "currency": "EUR"},
                "daysMin": 1,
                "daysMax": 1,
            },
        ],
        "next": None,
    }


def test_weight_value_and_currency_can_be_told(api: Api) -> None:
    answer = api.get(rates_at(country="fr", weightGrams=2000, amount=100, currency="USD"))

    assert [rate["price"] for rate in answer.json()["data"]] == [
        {"amount": 0, "currency": "USD"},
        {"amount": 1859, "currency": "USD"},
    ]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "invalid_parameter"),
        ({"country": "XX"}, "invalid_parameter"),
        ({"country": "Germany"}, "invalid_parameter"),
        ({"country": "DE", "postcode": "1" * 21}, "invalid_parameter"),
        ({"country": "DE", "weightGrams": -1}, "invalid_parameter"),
        ({"country": "DE", "amount": "1.5"}, "invalid_parameter"),
        ({"country": "DE", "currency": "QQQ"}, "invalid_parameter"),
        ({"country": "DE", "weight": 1}, "unknown_parameter"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(api: Api, parameters: dict[str, object], code: str) -> None:
    answer = api.get(rates_at(**parameters))

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_place_that_is_not_served_is_a_problem_with_a_reason(api: Api) -> None:
    Zone.objects.filter(is_rest_of_world=True).update(is_active=False)

    answer = api.get(rates_at(country="AU", postcode="2000"))

    assert (answer.status_code, answer.json()["code"]) == (422, "shipping.not_served")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_shipment_shows_what_is_in_it_and_where_it_is(api: Api, carrier: FakeCarrier) -> None:
    shipment = dispatched(carrier)
    scan = Scan(id="1", at=later(60), status=ShipmentStatus.IN_TRANSIT, description="Accepted", location="Leipzig")
    carriage.record_scans(shipment, [scan])

    body = api.get(shipment_at(shipment.id)).json()

    assert body["events"][-1]["location"] is None or body["events"][-1]["location"] == "Leipzig"
    assert {event["status"] for event in body.pop("events")} == {"READY", "DISPATCHED", "IN_TRANSIT"}
    assert body == {
        "id": str(shipment.id),
        "orderId": str(shipment.order_id),
        "status": "IN_TRANSIT",
        "trackingNumber": shipment.tracking_number,
        "carrier": "Fake Parcel",
        "rate": "standard",
        "lines": [{"sku": "LAMP-1", "name": "Lamp", "quantity": 2}],
    }


def test_a_customers_shipment_is_seen_by_them_and_by_staff_alone(api: Api) -> None:
    anna, ben = api.as_customer(), api.as_customer()
    hers, a_guests = prepared(customer_id=anna.customer_id), prepared()

    seen = {
        name: [who.get(shipment_at(shipment.id)).status_code for shipment in (hers, a_guests)]
        for name, who in {"anna": anna, "ben": ben, "guest": api, "staff": api.as_staff()}.items()
    }

    assert seen == {"anna": [200, 200], "ben": [404, 200], "guest": [404, 200], "staff": [200, 200]}


def test_a_strangers_shipment_and_none_at_all_look_the_same(api: Api) -> None:
    hers = prepared(customer_id=uuid4())

    strangers, nobodys = api.get(shipment_at(hers.id)).json(), api.get(shipment_at(uuid4())).json()

    for one_time in ("instance", "correlationId"):
        strangers.pop(one_time), nobodys.pop(one_time)
    assert strangers == nobodys


def test_anybody_with_the_number_follows_the_parcel_and_learns_nothing_else(api: Api, carrier: FakeCarrier) -> None:
    shipment = dispatched(carrier, customer_id=uuid4())
    spaced = " ".join(shipment.tracking_number[at : at + 4] for at in range(0, 17, 4)).lower()

    answer = api.get(f"/api/v1/shipping/track/{spaced.replace(' ', '%20')}")

    assert answer.status_code == 200
    assert set(answer.json()) == {"trackingNumber", "status", "carrier", "events"}
    assert answer.json()["trackingNumber"] == shipment.tracking_number
    for private in ("Anna", "Torstr", "anna@example.com", "B-1001", "LAMP", str(shipment.id), str(shipment.order_id)):
        assert private not in answer.content.decode()


@pytest.mark.parametrize("number", ["BN", "BN00000000000000Z", "x" * 500, "%00", "💡"])
def test_a_mistyped_tracking_number_is_not_found(api: Api, number: str) -> None:
    assert api.get(f"/api/v1/shipping/track/{number}").status_code == 404


def test_an_unchanged_shipment_is_not_sent_again(api: Api) -> None:
    shipment = prepared()
    etag = api.get(shipment_at(shipment.id))["ETag"]

    unchanged = api.get(shipment_at(shipment.id), headers={"If-None-Match": etag})
    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)
    changed = api.get(shipment_at(shipment.id), headers={"If-None-Match": etag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (changed.status_code, changed.json()["status"]) == (200, "CANCELLED")


def test_staff_let_a_parcel_leave_and_a_repeat_changes_nothing(api: Api) -> None:
    shipment = confirmed()
    staff = api.as_staff()

    first = staff.post(f"{shipment_at(shipment.id)}/dispatch")
    again = staff.post(f"{shipment_at(shipment.id)}/dispatch")

    assert (first.status_code, first.json()["status"]) == (200, "DISPATCHED")
    assert again.json() == first.json()
    assert first.json()["carrier"] == "Banyan Parcel"
    assert first["ETag"] == staff.get(shipment_at(shipment.id))["ETag"]


def test_nobody_else_lets_a_parcel_leave(api: Api) -> None:
    shipment = confirmed()

    statuses = [who.post(f"{shipment_at(shipment.id)}/dispatch").status_code for who in (api, api.as_customer())]

    assert statuses == [401, 403]
    assert now(shipment).status == ShipmentStatus.READY


def test_what_is_not_paid_or_is_cancelled_or_unknown_does_not_leave(api: Api) -> None:
    unpaid, cancelled = prepared(), confirmed()
    shipments.cancel_shipment(shipment_key=cancelled.key_id, cancelled_at=NOON)

    answers = [
        api.as_staff().post(f"{shipment_at(shipment_id)}/dispatch")
        for shipment_id in (unpaid.id, cancelled.id, uuid4())
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "shipping.not_confirmed"),
        (409, "shipping.closed"),
        (404, "shipping.shipment_not_found"),
    ]


def test_who_saw_an_older_state_does_not_let_it_leave(api: Api) -> None:
    shipment = prepared()
    staff = api.as_staff()
    seen = staff.get(shipment_at(shipment.id))["ETag"]
    shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON)

    answer = staff.post(f"{shipment_at(shipment.id)}/dispatch", headers={"If-Match": seen})

    assert answer.status_code == 412
