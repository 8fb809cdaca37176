"""E-mails to customers, from the fact that calls for one until it is handed over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from infra.identifiers import new_id


class NotificationKind(models.TextChoices):
    """What an e-mail says; its templates have the value's name in lower case."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    ORDER_CONFIRMED = "ORDER_CONFIRMED"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    ORDER_FAILED = "ORDER_FAILED"
    PAYMENT_REFUNDED = "PAYMENT_REFUNDED"
    SHIPMENT_DISPATCHED = "SHIPMENT_DISPATCHED"
    SHIPMENT_DELIVERED = "SHIPMENT_DELIVERED"


class Notification(models.Model):
    """One e-mail to be sent. It never holds a token: those are made when it is sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)  # also the e-mail's Message-ID
    dedupe_key = models.CharField(max_length=200)  # the fact; the same fact told twice is one e-mail
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    email = models.CharField(max_length=254)
    order_id = models.UUIDField(null=True)
    facts = models.JSONField(default=dict)  # what the templates need
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()  # not before; while it is being sent: when another process may take it over
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)  # whoever is sending it right now
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)  # the error's class alone; its text may quote the address

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="one_notification_per_fact"),
            models.CheckConstraint(condition=Q(kind__in=NotificationKind.values), name="notification_kind_known"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(given_up_at__isnull=True), name="sent_or_given_up_not_both"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="notifications_outstanding",
            ),
            models.Index(fields=["order_id"], condition=Q(order_id__isnull=False), name="notifications_of_an_order"),
            models.Index(fields=["created_at"], name="notifications_by_age"),
        ]
