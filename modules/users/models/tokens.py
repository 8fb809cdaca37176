"""What proves who somebody is. Of every token only a digest is kept: who reads the table can use none."""

from __future__ import annotations

from hashlib import sha256

from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from modules.users.models.customers import Customer


def digest_of(token: str) -> str:
    """Return what is stored of a token; a fast hash suffices, for tokens hold 256 random bits."""
    return sha256(token.encode()).hexdigest()


class MailTokenPurpose(models.TextChoices):
    """What a token that was sent by e-mail allows."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105


class MailToken(models.Model):
    """A token sent to an e-mail address. It works once, for a while."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="mail_tokens")
    purpose = models.CharField(max_length=14, choices=MailTokenPurpose.choices)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_mail_token_per_digest"),
            models.CheckConstraint(condition=Q(purpose__in=MailTokenPurpose.values), name="mail_token_purpose_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="mail_token_expires"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="mail_token_by_expiry")]


class SignIn(models.Model):
    """One sign-in: the family of all refresh tokens that descend from it, ended together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="sign_ins")
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # at the latest; then the password is asked for again
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("started_at")), name="sign_in_expires"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoked_because=""), name="revocation_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="sign_in_by_expiry")]


class RefreshToken(models.Model):
    """One refresh token. Using it makes the next; a sign-in has at most one that is unused."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sign_in = models.ForeignKey(SignIn, on_delete=models.CASCADE, related_name="refresh_tokens")
    digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_refresh_token_per_digest"),
            models.UniqueConstraint(
                fields=["sign_in"], condition=Q(used_at__isnull=True), name="one_unused_refresh_token_per_sign_in"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="refresh_token_expires"),
        ]
