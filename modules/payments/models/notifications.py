"""What providers told us, kept until it is understood."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from infra.identifiers import new_id


class Notification(models.Model):
    """A provider's webhook, by the provider's own id of it.

    Kept are only the words that we act on, not the body: bodies of real providers may carry card details. What cannot be tied to
    an attempt yet stays, is tried again, and shows up among the open items of `manage.py ledger verify`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)  # the provider's word: payment.captured
    attempt_key = models.CharField(max_length=200, blank=True, default="")
    provider_ref = models.CharField(max_length=200, blank=True, default="")
    received_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # null: settled
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="one_notification_per_provider_event"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True, settled_at__isnull=False)
                | Q(due_at__isnull=False, settled_at__isnull=True),
                name="notifications_are_due_or_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payments_notifications_due")
        ]
