"""The stock: what there is, what is set aside, and every change of it.

Its rows are small and apart from the variants, because every order changes them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from infra.identifiers import new_id
from modules.catalog.models.products import Variant


class Stock(models.Model):
    """The pieces of one variant. Available are `on_hand - reserved`; of an untracked variant there is always enough."""

    variant = models.OneToOneField(Variant, models.CASCADE, primary_key=True, related_name="stock")
    is_tracked = models.BooleanField(default=True)
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "stock"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_reserved_not_negative"),
            models.CheckConstraint(condition=Q(reserved__lte=F("on_hand")), name="stock_not_oversold"),
        ]


class Movement(models.Model):
    """Pieces that came or went. Written once; `on_hand` is the sum of them."""

    class Reason(models.TextChoices):
        COUNTED = "counted"  # the stock was set to what was counted
        RECEIVED = "received"
        CORRECTED = "corrected"
        SOLD = "sold"
        RETURNED = "returned"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="movements")
    quantity = models.IntegerField()
    reason = models.CharField(max_length=9, choices=Reason.choices)
    reference = models.CharField(max_length=255, blank=True)  # the reservation, the import, the person
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves"),
            models.CheckConstraint(
                condition=Q(reason__in=["counted", "received", "corrected", "sold", "returned"]), name="movement_reason"
            ),
        ]


class Reservation(models.Model):
    """Pieces set aside under somebody's key. A released key stays, so that it stays released."""

    class State(models.TextChoices):
        HELD = "held"
        EXPIRED = "expired"  # the pieces were given back, and may be taken again under the same key
        COMMITTED = "committed"
        RELEASED = "released"

    key = models.CharField(max_length=255, primary_key=True)
    state = models.CharField(max_length=9, choices=State.choices)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="reservation_next_to_expire"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["held", "expired", "committed", "released"]), name="reservation_state"
            ),
        ]


class ReservationLine(models.Model):
    """The pieces of one variant under a reservation; `held` of them are counted in its stock, none if it is untracked."""

    pk = models.CompositePrimaryKey("reservation_id", "variant_id")
    reservation = models.ForeignKey(Reservation, models.CASCADE, related_name="lines", db_index=False)
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", db_index=False)
    quantity = models.IntegerField()
    held = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="reservation_line_has_pieces"),
            models.CheckConstraint(
                condition=Q(held=0) | Q(held=F("quantity")), name="reservation_line_holds_all_or_none"
            ),
        ]
