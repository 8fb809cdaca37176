"""Zones of the world, ways of sending, and what each way costs in each zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

COUNTRY = RegexValidator("^[A-Z]{2}$", "Write two capital letters, like DE.")
POSTCODE_PREFIX = RegexValidator("^[A-Z]{2}[A-Z0-9]{1,10}$", "Write country and beginning without spaces, like ES35.")


class Zone(models.Model):
    """A part of the world with rates of its own.

    An address belongs to the active zone of the lowest `priority` that covers it; the rest of the world is asked last.
    A zone covers an address in one of its countries, unless its postcode prefixes for that country say otherwise. A
    prefix is written with its country: "ES35" is every Spanish postcode that begins with 35.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    priority = models.PositiveIntegerField(unique=True, help_text="Lower is asked first.")
    countries = ArrayField(
        models.CharField(max_length=2, validators=[COUNTRY]),
        default=list,
        blank=True,
        help_text="ISO codes, separated by commas: DE,AT.",
    )
    only_postcodes = ArrayField(
        models.CharField(max_length=12, validators=[POSTCODE_PREFIX]),
        default=list,
        blank=True,
        help_text="Country and prefix: ES35,ES38. A country named here is covered in these prefixes only.",
    )
    except_postcodes = ArrayField(
        models.CharField(max_length=12, validators=[POSTCODE_PREFIX]),
        default=list,
        blank=True,
        help_text="Country and prefix: not covered.",
    )
    is_rest_of_world = models.BooleanField(default=False, help_text="Covers every address that no other zone covers.")
    is_active = models.BooleanField(default=True)

    rates: RelatedManager[Rate]

    class Meta:
        ordering: ClassVar = ["is_rest_of_world", "priority"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_rest_of_world"], condition=Q(is_rest_of_world=True), name="zone_one_rest_of_world"
            ),
            models.CheckConstraint(
                condition=Q(is_rest_of_world=False) | Q(countries=[], only_postcodes=[], except_postcodes=[]),
                name="zone_rest_of_world_names_no_place",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Method(models.Model):
    """A way of sending, as customers know it: "standard"."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class RateKind(models.TextChoices):
    """What a rate depends on."""

    FREE = "FREE", "Free"
    FLAT = "FLAT", "The same for every parcel"
    BY_WEIGHT = "BY_WEIGHT", "By weight, in grams"
    BY_PRICE = "BY_PRICE", "By the value of the goods, in minor units"


BANDED = (RateKind.BY_WEIGHT, RateKind.BY_PRICE)


class Rate(models.Model):
    """What one method costs in one zone, in one currency.

    `amount` is the price from zero upwards, and each step changes it from its own lower bound upwards: so the bands can
    neither overlap nor leave a gap. A rate without currency is free, in every currency that has no rate of its own.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="rates")
    method = models.ForeignKey(Method, on_delete=models.PROTECT, related_name="rates")
    kind = models.CharField(max_length=10, choices=RateKind.choices)
    currency = models.CharField(  # noqa: DJ001  NULL is "any", and a UNIQUE of its own
        max_length=3, null=True, blank=True, help_text="Empty: free in every currency."
    )
    amount = models.PositiveBigIntegerField(default=0, help_text="In minor units: 690 is 6.90 EUR.")
    free_from = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Free from this value of the goods on, in minor units."
    )
    max_weight_grams = models.PositiveIntegerField(null=True, blank=True, help_text="Heavier parcels are not taken.")
    days_min = models.PositiveSmallIntegerField()
    days_max = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    steps: RelatedManager[RateStep]

    class Meta:
        ordering: ClassVar = ["zone", "method", "currency"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["zone", "method", "currency"], nulls_distinct=False, name="rate_one_per_zone_method_currency"
            ),
            models.CheckConstraint(condition=Q(kind__in=RateKind.values), name="rate_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind=RateKind.FREE) | Q(amount=0, free_from__isnull=True), name="rate_free_costs_nothing"
            ),
            models.CheckConstraint(
                # A comparison with NULL is neither true nor false, and a CHECK lets it pass: so NULL is named.
                condition=Q(currency__isnull=True, kind=RateKind.FREE)
                | Q(currency__isnull=False, currency__regex="^[A-Z]{3}$"),
                name="rate_price_has_currency",
            ),
            models.CheckConstraint(condition=Q(days_min__lte=F("days_max")), name="rate_days_ascend"),
        ]

    def __str__(self) -> str:
        return f"{self.method} to {self.zone} ({self.currency or 'any currency'})"

    def clean(self) -> None:
        """Refuse in forms what a trigger refuses in the database."""
        if not self._state.adding and self.kind not in BANDED and self.steps.exists():
            raise ValidationError({"kind": "Remove the rate's steps first."})


class RateStep(models.Model):
    """From this weight (grams) or value of the goods (minor units) on, the rate costs `amount`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rate = models.ForeignKey(Rate, on_delete=models.CASCADE, related_name="steps")
    from_value = models.PositiveBigIntegerField()
    amount = models.PositiveBigIntegerField()

    class Meta:
        ordering: ClassVar = ["from_value"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rate", "from_value"], name="rate_step_one_per_bound"),
            models.CheckConstraint(condition=Q(from_value__gt=0), name="rate_step_above_zero"),
        ]

    def __str__(self) -> str:
        return f"from {self.from_value}: {self.amount}"

    def clean(self) -> None:
        """Refuse in forms what a trigger refuses in the database."""
        if self.rate.kind not in BANDED:
            raise ValidationError("Only rates by weight or by price have steps.")
