"""The category tree."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from infra.identifiers import new_id


class Category(models.Model):
    """A shelf that holds products and further shelves.

    `path` leads from the root to this category, both included. The database computes it, moves it along when an ancestor
    moves, and refuses circles, so that "everything below" is `path @> ARRAY[id]` and always right.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)
    position = models.IntegerField(default=0, help_text="Lower comes first among its siblings.")
    path: ArrayField[list[UUID], list[UUID]] = ArrayField(models.UUIDField(), default=list, editable=False)

    class Meta:
        verbose_name_plural = "categories"
        indexes: ClassVar = [GinIndex(fields=["path"], name="category_path")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(slug="") & ~Q(name=""), name="category_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
