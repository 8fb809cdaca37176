"""Bodies that staff send, and what clients get, for the documentation."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from infra.http.serializers import MoneyField, StrictSerializer
from modules.catalog.use_cases import Reason
from modules.catalog.use_cases.checks import LONGEST_DESCRIPTION, MOST_PIECES


class VariantAnswer(StrictSerializer):
    id = serializers.UUIDField()
    sku = serializers.CharField()
    name = serializers.CharField(help_text="Its options, or the product's name where it has none.")
    price = MoneyField()
    available = serializers.IntegerField()
    options: Any = serializers.DictField(child=serializers.CharField(), help_text="In their order.")


class ProductAnswer(StrictSerializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(help_text="Plain text.", allow_blank=True)
    category = serializers.CharField(allow_null=True, help_text="The category's slug.")
    price = MoneyField(help_text="Of the cheapest variant.")
    available = serializers.IntegerField(help_text="Pieces of all variants together.")
    image = serializers.CharField(allow_null=True)
    image_alt = serializers.CharField(allow_blank=True, help_text="The words that stand for the image.")
    vendor = serializers.CharField(allow_blank=True)
    variants = VariantAnswer(many=True)


class ImageAnswer(StrictSerializer):
    url = serializers.CharField()
    alternative_text = serializers.CharField()


class BreadcrumbAnswer(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class AttributeAnswer(StrictSerializer):
    code = serializers.CharField()
    name = serializers.CharField()
    value = serializers.JSONField(help_text="Text, a number, or true or false.")
    unit = serializers.CharField(allow_blank=True)


class ProductPageAnswer(ProductAnswer):
    description_html = serializers.CharField(allow_blank=True, help_text="Harmless HTML.")
    images = ImageAnswer(many=True)
    breadcrumbs = BreadcrumbAnswer(many=True)
    attributes = AttributeAnswer(many=True)
    tags = serializers.ListField(child=serializers.CharField())
    published_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class CategoryCountAnswer(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()


class PriceCountAnswer(StrictSerializer):
    least = MoneyField()
    below = MoneyField(allow_null=True)
    count = serializers.IntegerField()


class ValueCountAnswer(StrictSerializer):
    value = serializers.CharField()
    count = serializers.IntegerField()


class AttributeCountAnswer(StrictSerializer):
    code = serializers.CharField()
    name = serializers.CharField()
    values: Any = ValueCountAnswer(many=True)


class AvailabilityCountAnswer(StrictSerializer):
    in_stock = serializers.IntegerField()
    sold_out = serializers.IntegerField()


class FacetsAnswer(StrictSerializer):
    categories = CategoryCountAnswer(many=True)
    prices = PriceCountAnswer(many=True)
    attributes = AttributeCountAnswer(many=True)
    availability = AvailabilityCountAnswer()


class ProductListAnswer(StrictSerializer):
    data: Any = ProductAnswer(many=True)
    next = serializers.CharField(allow_null=True)
    facets = FacetsAnswer(required=False, help_text="With facets=true.")


class CategoryAnswer(StrictSerializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    children = serializers.ListField(child=serializers.DictField(), help_text="Categories of the same shape.")


class EditProduct(StrictSerializer):
    title = serializers.CharField(max_length=255, required=False)
    description = serializers.CharField(
        max_length=LONGEST_DESCRIPTION, required=False, allow_blank=True, help_text="HTML."
    )
    slug = serializers.SlugField(max_length=255, required=False)
    published = serializers.BooleanField(required=False)


class EditedProductAnswer(StrictSerializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    published = serializers.BooleanField()
    version = serializers.IntegerField()


class SetPrice(StrictSerializer):
    price = MoneyField(least=0)


class PriceAnswer(StrictSerializer):
    sku = serializers.CharField()
    price = MoneyField()


class AdjustStock(StrictSerializer):
    difference = serializers.IntegerField(
        min_value=-MOST_PIECES, max_value=MOST_PIECES, help_text="Pieces added, or taken off when negative."
    )
    reason = serializers.ChoiceField(choices=[Reason.RECEIVED.value, Reason.CORRECTED.value])
    reference = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class StockAnswer(StrictSerializer):
    sku = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    available = serializers.IntegerField()
    tracked = serializers.BooleanField()
