"""The read model: what lists, searches and pages show, written in the transaction of every edit."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from modules.catalog.models.products import Product


class Listing(models.Model):
    """A product on sale in one currency: all that finds, filters and sorts it. There is a row exactly while it is on sale."""

    pk = models.CompositePrimaryKey("product_id", "currency")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", db_index=False)  # the key begins with it
    currency = models.CharField(max_length=3)
    published_at = models.DateTimeField()
    sort_name = models.CharField(max_length=255, db_collation="C")  # folded, so that É sorts with E
    price = models.BigIntegerField()  # of its cheapest variant
    category_path: ArrayField[list[UUID], list[UUID]] = ArrayField(models.UUIDField())
    facets: ArrayField[list[str], list[str]] = ArrayField(models.TextField())  # "colour:Red"
    variant_ids: ArrayField[list[UUID], list[UUID]] = ArrayField(models.UUIDField())
    search = SearchVectorField()

    class Meta:
        indexes: ClassVar = [
            models.Index(F("currency"), F("published_at").desc(), F("product_id").desc(), name="listing_newest"),
            models.Index(fields=["currency", "price", "product_id"], name="listing_price"),
            models.Index(fields=["currency", "sort_name", "product_id"], name="listing_name"),
            GinIndex(fields=["search"], name="listing_search"),
            GinIndex(fields=["category_path"], name="listing_category"),
            GinIndex(fields=["facets"], name="listing_facets"),
        ]


class ListingDocument(models.Model):
    """What is shown of a listing, but for its stock, as JSON: apart from `Listing`, so that finding reads small rows.

    `document` is what lists show, `details` what the product's own page shows besides.
    """

    pk = models.CompositePrimaryKey("product_id", "currency")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", db_index=False)  # the key begins with it
    currency = models.CharField(max_length=3)
    slug = models.CharField(max_length=255)
    version = models.BigIntegerField()
    variant_ids: ArrayField[list[UUID], list[UUID]] = ArrayField(models.UUIDField())
    document = models.TextField()
    details = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["slug", "currency"], name="listing_document_slug")]


class Word(models.Model):
    """A word that occurs in some listing, with its trigrams, by which misspelt words find it."""

    word = models.CharField(max_length=40, primary_key=True, db_collation="C")
    trigrams: ArrayField[list[str], list[str]] = ArrayField(models.TextField())

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["trigrams"], name="word_trigrams")]
