"""The carrier that comes with the shop: it moves nothing, and keeps a book of its own as a real one would.

A parcel reaches its address BUILT_IN_CARRIER_TRANSIT_SECONDS after it was handed over, and is seen at fixed points on
the way.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import connections, models

from infra.identifiers import new_id
from infra.postal_address import country_name
from modules.shipping.contract import ShipmentStatus
from modules.shipping.gateways.carrier import Label, LabelRefused, Parcel, Scan

HOME = "Leipzig hub, DE"

# Part of the journey in percent, what is seen then, where.
JOURNEY = (
    (5, ShipmentStatus.IN_TRANSIT, "Accepted at the depot", HOME),
    (30, ShipmentStatus.IN_TRANSIT, "On the way", HOME),
    (65, ShipmentStatus.IN_TRANSIT, "Arrived in the destination area", "{destination}"),
    (85, ShipmentStatus.IN_TRANSIT, "Out for delivery", "{destination}"),
    (100, ShipmentStatus.DELIVERED, "Delivered", "{destination}"),
)


# The unique key decides between two who book at once; both get the one line that came to be.
_BOOK = """
INSERT INTO shipping_builtin_carrier_book AS book (id, booking_key, reference, destination, is_withdrawn)
VALUES (%s, %s, %s, %s, false)
ON CONFLICT (booking_key) DO UPDATE SET booking_key = book.booking_key
RETURNING reference, is_withdrawn
"""


class CarriedParcel(models.Model):
    """A line in the built-in carrier's book; the shop's own code never looks into it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    booking_key = models.CharField(max_length=100, unique=True)
    reference = models.CharField(max_length=40, unique=True)
    destination = models.CharField(max_length=2)
    handed_over_at = models.DateTimeField(null=True)
    is_withdrawn = models.BooleanField(default=False)

    class Meta:
        app_label = "shipping"
        db_table = "shipping_builtin_carrier_book"

    def __str__(self) -> str:
        return self.reference


class BuiltInCarrier:
    """A carrier without lorries."""

    name: ClassVar[str] = "Banyan Parcel"

    def book(self, *, booking_key: str, parcel: Parcel) -> Label:
        _refuse_open_transactions()
        with connections["shipping"].cursor() as cursor:
            reference = f"BP{secrets.randbelow(10**16):016d}"
            cursor.execute(_BOOK, [new_id(), booking_key, reference, parcel.address.country])
            reference, is_withdrawn = cursor.fetchone()
        if is_withdrawn:
            raise LabelRefused("The label was given back.")
        return Label(carrier=self.name, reference=reference)

    def withdraw(self, *, booking_key: str) -> None:
        _refuse_open_transactions()
        closed = CarriedParcel(
            booking_key=booking_key,
            reference=f"withdrawn-{secrets.token_hex(12)}",
            is_withdrawn=True,
        )
        CarriedParcel.objects.bulk_create(
            [closed], update_conflicts=True, unique_fields=["booking_key"], update_fields=["is_withdrawn"]
        )

    def hand_over(self, *, booking_key: str, at: datetime) -> None:
        _refuse_open_transactions()
        CarriedParcel.objects.filter(booking_key=booking_key, is_withdrawn=False, handed_over_at__isnull=True).update(
            handed_over_at=at
        )

    def scans(self, *, booking_key: str, now: datetime) -> tuple[Scan, ...]:
        _refuse_open_transactions()
        parcel = CarriedParcel.objects.filter(booking_key=booking_key).first()
        if parcel is None or parcel.handed_over_at is None:
            return ()
        journey = timedelta(seconds=settings.BUILT_IN_CARRIER_TRANSIT_SECONDS)
        return tuple(
            Scan(
                id=f"{parcel.reference}-{percent}",
                at=at,
                status=status,
                description=description,
                location=location.format(destination=country_name(parcel.destination)),
            )
            for percent, status, description, location in JOURNEY
            if (at := parcel.handed_over_at + journey * percent / 100) <= now
        )


def _refuse_open_transactions() -> None:
    # A carrier's answer takes seconds; a transaction that waits for it holds its locks and its connection.
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise RuntimeError("A carrier was called inside an open transaction.")
