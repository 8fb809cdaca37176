"""Orders as they were placed: a snapshot that later changes of catalog, prices or customers do not touch.

That the snapshot never changes, that the lines add up to the total, and which status may follow which is held by triggers in
`migrations/0002_guards.py`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from infra.money import Money
from modules.orders.contract import OrderStatus


class Order(models.Model):
    """A customer's commitment to buy, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=12, unique=True)  # for people; says nothing of how many orders there are
    customer_id = models.UUIDField(null=True)  # None: a guest
    email = models.EmailField(max_length=254)
    address = models.JSONField()  # a PostalAddress, field by field
    cart_id = models.UUIDField(null=True, unique=True)  # one order per cart
    idempotency_key = models.CharField(max_length=255)
    placed_at = models.DateTimeField()

    currency = models.CharField(max_length=3)
    goods_amount = models.BigIntegerField()
    shipping_amount = models.BigIntegerField()
    total_amount = models.BigIntegerField()
    payment_method = models.CharField(max_length=50)
    shipping_rate = models.CharField(max_length=50)

    status = models.CharField(max_length=9, default=OrderStatus.PENDING.value)
    cancellation_reason = models.CharField(max_length=100, blank=True)

    # What payments and shipping last said; the truth is theirs.
    payment_id = models.UUIDField(null=True)
    payment_status = models.CharField(max_length=20, blank=True)
    refunded_amount = models.BigIntegerField(default=0)
    shipment_id = models.UUIDField(null=True)
    shipment_status = models.CharField(max_length=20, blank=True)
    tracking_number = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "idempotency_key"],
                condition=Q(customer_id__isnull=False),
                name="one_order_per_customer_and_key",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=Q(customer_id__isnull=True), name="one_guest_order_per_key"
            ),
            models.CheckConstraint(
                condition=Q(total_amount=F("goods_amount") + F("shipping_amount")), name="order_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(goods_amount__gte=0) & Q(shipping_amount__gte=0), name="order_amounts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0) & Q(refunded_amount__lte=F("total_amount")),
                name="order_refund_within_total",
            ),
            models.CheckConstraint(condition=Q(status__in=[s.value for s in OrderStatus]), name="order_status_known"),
            models.CheckConstraint(
                condition=Q(status="CANCELLED") | Q(cancellation_reason=""), name="only_cancelled_orders_have_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "-placed_at", "-id"], name="orders_of_customer"),
            models.Index(fields=["-placed_at", "-id"], name="orders_by_age"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def goods(self) -> Money:
        return Money(self.goods_amount, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_amount, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)


class OrderLine(models.Model):
    """Pieces of one variant, at the name and price of the moment of ordering."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    variant_id = models.UUIDField()
    product_id = models.UUIDField()
    sku = models.CharField(max_length=200)
    name = models.CharField(max_length=500)
    slug = models.CharField(max_length=255)
    image = models.TextField(blank=True)
    quantity = models.PositiveIntegerField()
    unit_amount = models.BigIntegerField()
    total_amount = models.BigIntegerField()
    weight_grams = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_order_line_per_position"),
            models.UniqueConstraint(fields=["order", "variant_id"], name="one_order_line_per_variant"),
            models.CheckConstraint(
                condition=Q(total_amount=F("unit_amount") * F("quantity")), name="order_line_total_adds_up"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_quantity_at_least_one"),
        ]


class HistoryEntry(models.Model):
    """One thing that happened to an order; entries are added and never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField()
    event = models.CharField(max_length=50)  # stable word: "placed", "stock_reserved", "paid", "confirmed"
    actor = models.CharField(
        max_length=100, blank=True
    )  # "customer", "staff", a module's name, or "" for the shop itself
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="history_of_order")]
