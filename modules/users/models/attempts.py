"""How often something was tried lately."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class AttemptCount(models.Model):
    """A count of attempts that runs down with time. The key says of whom and what, unreadably: it is a keyed digest."""

    key = models.CharField(primary_key=True, max_length=100)
    level = models.FloatField()  # attempts not yet forgotten, as of `counted_at`
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(level__gte=0), name="attempts_not_negative")]
        indexes = [models.Index(fields=["counted_at"], name="attempts_by_age")]
