"""Payments, and the attempts at the provider that they consist of."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from infra.money import Money
from modules.payments.contract import PaymentStatus


class Payment(models.Model):
    """Money for one order. Its row is the one lock that everything about it is done under.

    `order` is the caller's `PaymentOrder` as plain JSON, frozen for the invoice. No card data: `method` is a word, and the rest
    is the provider's.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment_key = models.CharField(max_length=200, unique=True)
    order_id = models.UUIDField(db_index=True)
    customer_id = models.UUIDField(null=True)  # null: a guest
    order = models.JSONField()
    provider = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    provider_ref = models.CharField(
        max_length=200, blank=True, default=""
    )  # the provider's name of the charge, once known
    status = models.CharField(
        max_length=20,
        choices=[(status.value, status.value) for status in PaymentStatus],
        default=PaymentStatus.PENDING.value,
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    decline_reason = models.CharField(max_length=100, blank=True, default="")
    capture_due_at = models.DateTimeField(null=True)  # dispatched: the authorised money may be taken now
    closed_at = models.DateTimeField(null=True)  # everything is to be given back, and the key is used up
    close_reason = models.CharField(max_length=200, blank=True, default="")
    return_due_at = models.DateTimeField(null=True)  # closed, but not all is given back: when to go on
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider_ref=""),
                name="one_payment_per_provider_charge",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_amount_is_not_negative"),
            models.CheckConstraint(condition=Q(captured__in=(0, F("amount"))), name="captured_is_nothing_or_all"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("captured")), name="refunded_is_at_most_captured"
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=("PENDING", "AUTHORISED", "DECLINED", "VOIDED"), captured=0)
                    | Q(status="CAPTURED", captured=F("amount"), refunded=0)
                    | Q(status="PARTIALLY_REFUNDED", captured=F("amount"), refunded__gt=0, refunded__lt=F("captured"))
                    | Q(status="REFUNDED", captured=F("amount"), refunded=F("captured"))
                ),
                name="payment_status_agrees_with_its_amounts",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | Q(return_due_at__isnull=True),
                name="only_closed_payments_are_returned",
            ),
        ]
        indexes = [
            models.Index(
                fields=["capture_due_at"], condition=Q(capture_due_at__isnull=False), name="payments_capture_due"
            ),
            models.Index(
                fields=["return_due_at"], condition=Q(return_due_at__isnull=False), name="payments_return_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order.get('order_number', self.order_id)} · {self.money(self.amount).as_text()} · {self.status}"

    def money(self, amount: int) -> Money:
        """Return an amount of this payment's currency."""
        return Money(amount, self.currency)


class ClosedKey(models.Model):
    """A tombstone: `return_payment` came before any `take_payment`, so that none may come any more."""

    payment_key = models.CharField(max_length=200, primary_key=True)
    reason = models.CharField(max_length=200)
    closed_at = models.DateTimeField()


class AttemptKind(models.TextChoices):
    CHARGE = "CHARGE"  # authorise and capture in one
    AUTHORISE = "AUTHORISE"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"


class AttemptStatus(models.TextChoices):
    OPEN = "OPEN"  # perhaps asked, perhaps done: the outcome is not known
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"  # the provider refused
    ABANDONED = "ABANDONED"  # never reached the provider, and the key is closed there


class Attempt(models.Model):
    """One thing asked of the provider. Its id is the key that the provider sees, stored before it is used.

    A payment has at most one open attempt besides refunds, so that no second one begins before the first is resolved.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, choices=AttemptKind.choices)
    amount = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=AttemptStatus.choices, default=AttemptStatus.OPEN)
    request_key = models.CharField(
        max_length=255, blank=True, default=""
    )  # who asked for a refund can repeat it by this
    reason = models.CharField(max_length=200, blank=True, default="")  # why it is given back
    answer = models.CharField(max_length=100, blank=True, default="")  # the provider's word when it refused
    provider_ref = models.CharField(max_length=200, blank=True, default="")
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # open: when to ask again what became of it
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(status="OPEN") & ~Q(kind="REFUND"),
                name="one_open_attempt_per_payment",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(status="SUCCEEDED", kind__in=("CHARGE", "CAPTURE")),
                name="one_capture_per_payment",
            ),
            models.UniqueConstraint(
                fields=["payment", "request_key"], condition=~Q(request_key=""), name="one_refund_per_request_key"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="attempt_amount_is_not_negative"),
            models.CheckConstraint(
                condition=Q(status="OPEN", resolved_at__isnull=True, due_at__isnull=False)
                | (~Q(status="OPEN") & Q(resolved_at__isnull=False, due_at__isnull=True)),
                name="open_attempts_are_due_and_resolved_ones_dated",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="OPEN"), name="payments_open_attempts")]
