"""Carts: what somebody may buy, before they commit to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from infra.identifiers import new_id

MOST_PIECES = 999  # of one variant; a typo of a digit more is refused rather than reserved


class CartState(models.TextChoices):
    """OPEN carts can be edited; ORDERED and MERGED ones are history."""

    OPEN = "OPEN"
    ORDERED = "ORDERED"
    MERGED = "MERGED"


class Cart(models.Model):
    """A customer's one open cart, or a guest's, which is known by its id alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer_id = models.UUIDField(null=True)  # None: a guest
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=7, choices=CartState.choices, default=CartState.OPEN)
    version = models.PositiveIntegerField(default=1)  # rises with every edit: the ETag, and what an order was made of
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id"], condition=Q(state="OPEN"), name="one_open_cart_per_customer"
            ),
            models.CheckConstraint(condition=Q(state__in=CartState.values), name="cart_state_known"),
        ]
        indexes = [models.Index(fields=["updated_at"], name="cart_by_age")]


class CartLine(models.Model):
    """Pieces of one variant in a cart, with the price that the customer was shown last."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    variant_id = models.UUIDField()
    product_id = models.UUIDField()
    sku = models.CharField(max_length=200)
    name = models.CharField(max_length=500)
    quantity = models.PositiveIntegerField()
    price_seen = models.BigIntegerField()  # minor units of the cart's currency, per piece

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant_id"], name="one_line_per_variant"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(quantity__lte=MOST_PIECES), name="cart_quantity_in_range"
            ),
            models.CheckConstraint(condition=Q(price_seen__gte=0), name="price_seen_not_negative"),
        ]
