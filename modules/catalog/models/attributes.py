"""Typed attributes: what can be said of products, and what is said."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from modules.catalog.models.products import Product


class Attribute(models.Model):
    """Something that can be said of products, with the type that its values have."""

    class Type(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        BOOL = "bool", "Yes or no"
        CHOICE = "choice"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=50, unique=True, help_text="Its name in filters; never changes.")
    name = models.CharField(max_length=100)
    type = models.CharField(max_length=6, choices=Type.choices)
    unit = models.CharField(max_length=20, blank=True, help_text="Of a number, such as cm.")
    choices: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, help_text="The allowed values of a choice."
    )
    minimum = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    is_filterable = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="attribute_has_a_name"),
            models.CheckConstraint(condition=Q(type__in=["text", "number", "bool", "choice"]), name="attribute_type"),
            models.CheckConstraint(
                condition=Q(type="choice", choices__len__gt=0) | (~Q(type="choice") & Q(choices=[])),
                name="attribute_choices_of_a_choice",
            ),
            models.CheckConstraint(
                condition=Q(type="number") | Q(minimum__isnull=True, maximum__isnull=True, unit=""),
                name="attribute_bounds_of_a_number",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True) | Q(maximum__isnull=True) | Q(minimum__lte=F("maximum")),
                name="attribute_bounds_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeValue(models.Model):
    """What is said of one product; the database checks it against the attribute's type, choices and bounds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="attribute_values", db_index=False)
    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="values")
    text = models.CharField(max_length=500, null=True, blank=True)  # noqa: DJ001  # NULL: the value is of another type
    number = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    flag = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "attribute"], name="attribute_value_once"),
        ]
