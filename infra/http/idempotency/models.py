"""The keys that clients sent, with what was answered; one table in each module's schema."""

from __future__ import annotations

from django.db import models

from infra.identifiers import new_id


class IdempotencyKey(models.Model):
    """One key of one principal at one route: claimed by a running request, or finished with its answer.

    Every use names its schema: `IdempotencyKey.objects.using("orders")`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    principal = models.TextField()
    route = models.TextField()  # method, path with its parameters
    key = models.TextField()
    fingerprint = models.BinaryField()  # SHA-256 of what was asked
    owner = models.UUIDField()  # the attempt that holds the claim
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    status = models.SmallIntegerField(null=True)
    headers = models.JSONField(null=True)
    body = models.BinaryField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "idempotency_key"
        constraints = [
            models.UniqueConstraint(fields=["principal", "route", "key"], name="idempotency_key_once"),
            models.CheckConstraint(
                name="idempotency_key_finished_whole",
                condition=models.Q(
                    finished_at__isnull=True, status__isnull=True, headers__isnull=True, body__isnull=True
                )
                | models.Q(finished_at__isnull=False, status__isnull=False, headers__isnull=False, body__isnull=False),
            ),
            models.CheckConstraint(
                name="idempotency_key_length", condition=models.Q(key__regex=r"^[\x21-\x7e]{1,255}$")
            ),
            models.CheckConstraint(
                name="idempotency_key_no_server_error",
                condition=models.Q(status__isnull=True) | models.Q(status__gte=200, status__lt=500),
            ),
        ]
        indexes = [models.Index(fields=["claimed_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
