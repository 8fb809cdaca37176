"""Shipping's pages in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from modules.shipping.contract import ShipmentStatus
from modules.shipping.models import Rate, Zone
from tests.shipping.parcels import confirmed, now, prepared

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "unused"))
    return client


@pytest.mark.parametrize("page", ["zone", "method", "rate", "shipment"])
def test_the_lists_open(staff: Client, page: str) -> None:
    confirmed()

    assert staff.get(f"/admin/shipping/{page}/").status_code == 200


def test_the_pages_open(staff: Client) -> None:
    rows = {"zone": Zone.objects.first(), "rate": Rate.objects.first(), "shipment": confirmed()}

    for page, row in rows.items():
        assert row is not None
        assert staff.get(f"/admin/shipping/{page}/{row.pk}/change/").status_code == 200


def test_a_shipment_is_not_written(staff: Client) -> None:
    shipment = confirmed()

    assert staff.get("/admin/shipping/shipment/add/").status_code == 403
    assert staff.post(f"/admin/shipping/shipment/{shipment.id}/delete/").status_code == 403


def test_chosen_shipments_are_dispatched_and_refusals_are_told(staff: Client) -> None:
    ready, unpaid = confirmed(), prepared()

    answer = staff.post(
        "/admin/shipping/shipment/",
        {"action": "dispatch_selected", "_selected_action": [str(ready.id), str(unpaid.id)]},
        follow=True,
    )

    assert (now(ready).status, now(unpaid).status) == (ShipmentStatus.DISPATCHED, ShipmentStatus.READY)
    assert "Dispatched: 1." in answer.content.decode()
    assert "not confirmed yet" in answer.content.decode()


def test_staff_who_may_only_look_cannot_dispatch(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_shipment"))
    client.force_login(viewer)
    shipment = confirmed()

    page = client.get("/admin/shipping/shipment/")
    client.post("/admin/shipping/shipment/", {"action": "dispatch_selected", "_selected_action": [str(shipment.id)]})

    assert "dispatch_selected" not in page.content.decode()
    assert now(shipment).status == ShipmentStatus.READY


def test_a_zone_is_edited_with_its_countries_and_a_wrong_one_is_told(staff: Client) -> None:
    zone = Zone.objects.get(code="germany")
    form = {
        "code": zone.code,
        "name": "Germany and Austria",
        "priority": zone.priority,
        "countries": "DE,AT",
        "only_postcodes": "",
        "except_postcodes": "",
        "is_active": "on",
        "rates-TOTAL_FORMS": "0",
        "rates-INITIAL_FORMS": "0",
    }

    wrong = staff.post(f"/admin/shipping/zone/{zone.pk}/change/", form | {"countries": "de"})
    right = staff.post(f"/admin/shipping/zone/{zone.pk}/change/", form)

    assert "Item 1 in the array did not validate" in wrong.content.decode()
    assert right.status_code == 302
    assert Zone.objects.get(pk=zone.pk).countries == ["DE", "AT"]


def test_a_rate_with_steps_does_not_become_flat(staff: Client) -> None:
    rate = Rate.objects.get(zone__code="european-union", method__code="express", currency="EUR")

    answer = staff.post(
        f"/admin/shipping/rate/{rate.pk}/change/",
        {
            "zone": rate.zone_id,
            "method": rate.method_id,
            "kind": "FLAT",
            "currency": "EUR",
            "amount": "690",
            "free_from": "",
            "max_weight_grams": "",
            "days_min": "1",
            "days_max": "1",
            "is_active": "on",
            "steps-TOTAL_FORMS": "0",
            "steps-INITIAL_FORMS": "0",
        },
    )

    assert answer.status_code == 200
    assert "Remove the rate" in answer.content.decode()


def test_a_step_of_a_flat_rate_is_told_in_the_form(staff: Client) -> None:
    rate = Rate.objects.get(zone__code="germany", method__code="express", currency="EUR")

    answer = staff.post(
        f"/admin/shipping/rate/{rate.pk}/change/",
        {
            "zone": rate.zone_id,
            "method": rate.method_id,
            "kind": "FLAT",
            "currency": "EUR",
            "amount": "690",
            "free_from": "",
            "max_weight_grams": "",
            "days_min": "1",
            "days_max": "1",
            "is_active": "on",
            "steps-TOTAL_FORMS": "1",
            "steps-INITIAL_FORMS": "0",
            "steps-0-rate": rate.pk,
            "steps-0-from_value": "5",
            "steps-0-amount": "5",
        },
    )

    assert answer.status_code == 200
    assert "Only rates by weight or by price have steps" in answer.content.decode()
