"""Products, their variants, prices, images and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from modules.catalog.models.categories import Category

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Product(models.Model):
    """What the shop shows: a thing with a page of its own, sold as one or several variants.

    On sale means published and not withdrawn. `version` counts the edits, those of variants, prices and images included.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    handle = models.CharField(
        max_length=255, unique=True, help_text="The name by which imports know it; never changes."
    )
    slug = models.SlugField(
        max_length=255, unique=True, help_text="Its address; a former one leads to the present one."
    )
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, help_text="Plain text.")
    description_html = models.TextField(blank=True)  # safe: cleaned before it is stored
    vendor = models.CharField(max_length=200, blank=True, help_text="Brand.")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="products")
    tags: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.BigIntegerField(default=1, editable=False)

    variants: RelatedManager[Variant]
    images: RelatedManager[Image]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(slug="") & ~Q(handle=""), name="product_has_a_name"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(published_at__isnull=False),
                name="product_withdrawn_after_publication",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_on_sale(self) -> bool:
        return self.published_at is not None and self.withdrawn_at is None


class FormerSlug(models.Model):
    """An address that a product once had."""

    slug = models.SlugField(max_length=255, primary_key=True)
    product = models.ForeignKey(Product, models.CASCADE, related_name="former_slugs")


class Variant(models.Model):
    """What is sold: one article with a SKU, a weight, prices and a stock."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField("SKU", max_length=100, unique=True)
    position = models.PositiveIntegerField(default=0)
    options = models.JSONField(default=list, blank=True, help_text='In order: [["Size", "M"], ["Colour", "Red"]]')
    barcode = models.CharField(max_length=50, blank=True)
    weight_grams = models.PositiveIntegerField(default=0)
    requires_shipping = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True, help_text="An inactive variant is not sold.")

    prices: RelatedManager[Price]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(sku=""), name="variant_has_a_sku"),
            models.CheckConstraint(condition=Q(weight_grams__gte=0), name="variant_weight_not_negative"),
            # Checked at the end of the transaction, so that two variants may swap their options.
            models.UniqueConstraint(
                fields=["product", "options"], name="variant_options_differ", deferrable=models.Deferrable.DEFERRED
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class Price(models.Model):
    """What a variant costs in one currency, gross, per piece."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="prices", db_index=False)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(help_text="In the currency's smallest unit: 1990 is 19.90 EUR.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["variant", "currency"], name="price_one_per_currency"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="price_currency_is_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Image(models.Model):
    """A picture of a product, with the words that stand for it where it cannot be seen."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="images", db_index=False)
    url = models.CharField(max_length=2000, help_text="An address on the web, or a path on this site.")
    alternative_text = models.CharField(max_length=500)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(alternative_text=""), name="image_has_alternative_text"),
            models.CheckConstraint(condition=Q(url__regex=r"^(https?://|/[^/])"), name="image_url_is_loadable"),
            models.UniqueConstraint(fields=["product", "url"], name="image_once_per_product"),
        ]

    def __str__(self) -> str:
        return self.alternative_text


class Popularity(models.Model):
    """How many pieces of a product were sold: apart from the product, because it changes with every order."""

    product = models.OneToOneField(Product, models.CASCADE, primary_key=True, related_name="popularity")
    pieces_sold = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "popularity"
        indexes: ClassVar = [
            models.Index(F("pieces_sold").desc(), F("product_id").desc(), name="popularity_best_first")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pieces_sold__gte=0), name="popularity_not_negative"),
        ]
