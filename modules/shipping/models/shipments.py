"""Shipments with their lines, the keys that they were asked for by, and what the carrier saw of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Now

from infra.identifiers import new_id
from infra.postal_address import PostalAddress
from modules.shipping.contract import ShipmentStatus

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STATUSES = [(status.value, status.value.replace("_", " ").capitalize()) for status in ShipmentStatus]
LEFT = (ShipmentStatus.DISPATCHED, ShipmentStatus.IN_TRANSIT, ShipmentStatus.DELIVERED)


class ShipmentKey(models.Model):
    """A key that was used once: for a shipment, or to make sure that there will never be one.

    Creating and cancelling both write this row first, so that the database decides which of them came first.
    """

    key = models.CharField(primary_key=True, max_length=200)
    is_closed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.key

    @staticmethod
    def close(key: str) -> None:
        """Close the key for ever, used or not; waits for a transaction that is using it."""
        with connections["shipping"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO shipping_shipmentkey (key, is_closed) VALUES (%s, true)"
                " ON CONFLICT (key) DO UPDATE SET is_closed = true",
                [key],
            )


class Shipment(models.Model):
    """One order's parcel. A trigger lets its status only move on (migration 0002)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.OneToOneField(ShipmentKey, on_delete=models.PROTECT, related_name="shipment")
    order_id = models.UUIDField()
    order_number = models.CharField(max_length=40)
    customer_id = models.UUIDField(null=True)  # NULL: a guest
    email = models.CharField(max_length=320)
    address: models.JSONField[Any, Any] = models.JSONField()  # as it was when the order was placed
    rate_code = models.CharField(max_length=40)
    tracking_number = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=10, choices=STATUSES, default=ShipmentStatus.READY.value)

    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)  # the order is paid and stands: from now on the parcel may leave
    dispatched_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)  # the carrier knows that it has the parcel
    delivered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    carrier = models.CharField(max_length=40, default="", blank=True)
    carrier_reference = models.CharField(max_length=80, default="", blank=True)  # empty until the label is bought
    attempts = models.PositiveIntegerField(default=0)  # of asking the carrier, since it last answered
    due_at = models.DateTimeField(null=True)  # when the carrier is to be asked next; NULL: nothing to ask
    problem = models.CharField(max_length=300, default="", blank=True)  # why the last asking failed

    lines: RelatedManager[ShipmentLine]
    tracking_events: RelatedManager[TrackingEvent]

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order_id"], condition=~Q(status=ShipmentStatus.CANCELLED), name="shipment_one_per_order"
            ),
            models.UniqueConstraint(
                fields=["carrier", "carrier_reference"],
                condition=~Q(carrier_reference=""),
                name="shipment_one_per_label",
            ),
            models.CheckConstraint(condition=Q(status__in=list(ShipmentStatus)), name="shipment_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=list(LEFT))
                | (Q(confirmed_at__isnull=False, dispatched_at__isnull=False) & ~Q(carrier_reference="")),
                name="shipment_leaves_confirmed_and_labelled",
            ),
            models.CheckConstraint(
                condition=Q(status=ShipmentStatus.DELIVERED, delivered_at__isnull=False)
                | (~Q(status=ShipmentStatus.DELIVERED) & Q(delivered_at__isnull=True)),
                name="shipment_delivered_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(status=ShipmentStatus.CANCELLED, cancelled_at__isnull=False)
                | (~Q(status=ShipmentStatus.CANCELLED) & Q(cancelled_at__isnull=True)),
                name="shipment_cancelled_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(tracking_number__regex="^BN[0-9A-Z]{15}$"), name="shipment_tracking_number_form"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="shipment_due"),
            models.Index(fields=["order_id"], name="shipment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number} ({self.tracking_number})"

    def destination(self) -> PostalAddress:
        """Return the address as it was when the order was placed."""
        return PostalAddress(**self.address)


class ShipmentLine(models.Model):
    """Pieces of one kind: how many the order asks for, how many have left."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(max_length=120)
    name = models.CharField(max_length=400)
    ordered = models.PositiveIntegerField()
    shipped = models.PositiveIntegerField(default=0)
    weight_grams = models.PositiveIntegerField()  # per piece

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ordered__gte=1), name="shipment_line_orders_something"),
            models.CheckConstraint(condition=Q(shipped__lte=F("ordered")), name="shipment_line_ships_no_more"),
        ]

    def __str__(self) -> str:
        return f"{self.ordered} x {self.name}"


class TrackingEvent(models.Model):
    """What became of a parcel, once per happening."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="tracking_events")
    carrier_event = models.CharField(max_length=80)  # the carrier's name for the happening; unique within the parcel
    status = models.CharField(max_length=10, choices=STATUSES)
    description = models.CharField(max_length=200)
    location = models.CharField(max_length=100, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shipment", "carrier_event"], name="tracking_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.description}"
