"""Customers and their address books."""

from __future__ import annotations

from django.contrib.auth import hashers
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from infra.identifiers import new_id
from infra.postal_address import PostalAddress


class Customer(models.Model):
    """An account. One per e-mail address, however its letters are written."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.CharField(max_length=254)  # as `normalised_email` writes it; the constraints below hold that
    password = models.CharField(max_length=256)  # hashed
    name = models.CharField(max_length=200)
    locale = models.CharField(max_length=35, default="en")  # BCP 47
    currency = models.CharField(max_length=3, default="EUR")  # ISO 4217: prices are shown in it where there are such
    marketing_consent = models.BooleanField(default=False)
    marketing_consent_at = models.DateTimeField(null=True)  # when it was given or withdrawn last
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)  # may act for the shop over the API
    email_verified_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)  # rises with every change of profile or preferences: the ETag
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="one_account_per_email"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="email_in_lower_case"),
            models.CheckConstraint(condition=Q(email__regex=r"^[^@\s]+@[^@\s]+$"), name="email_has_two_parts"),
            models.CheckConstraint(
                condition=Q(marketing_consent=False) | Q(marketing_consent_at__isnull=False),
                name="consent_has_an_instant",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(is_active=False, is_staff=False, name=""),
                name="erased_means_inactive_and_nameless",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="customer_by_age")]

    def __str__(self) -> str:
        return self.email

    def set_password(self, password: str) -> None:
        self.password = hashers.make_password(password)

    def check_password(self, password: str) -> bool:
        """Return whether this is the password; costs one hash either way."""
        return hashers.check_password(password, self.password)


class Address(models.Model):
    """One entry of a customer's address book. Orders copy it, so it may change or go at any time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=200)
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, null=True)  # noqa: DJ001  # None and "" are one thing on the wire, too
    city = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=200, null=True)  # noqa: DJ001
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2)  # ISO 3166-1 alpha-2
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="country_is_two_capitals"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(line1=""), name="address_has_name_and_street"),
        ]
        indexes = [models.Index(fields=["customer", "created_at", "id"], name="addresses_of_a_customer")]

    def as_postal_address(self) -> PostalAddress:
        return PostalAddress(
            name=self.name,
            line1=self.line1,
            line2=self.line2,
            city=self.city,
            region=self.region,
            postcode=self.postcode,
            country=self.country,
        )
