"""Categories and attributes: what many products share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from modules.catalog.admin.forms import AttributeForm, CategoryForm
from modules.catalog.models import Attribute, Category
from modules.catalog.use_cases.attributes import show_attribute_again
from modules.catalog.use_cases.categories import show_category_again
from modules.catalog.use_cases.listings import prepare_to_write_listings


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    """The tree, in its order."""

    form = CategoryForm
    list_display = ("indented", "slug", "count")
    search_fields = ("name", "slug")
    autocomplete_fields = ("parent",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).select_related("parent").annotate(own=Count("products"))

    @admin.display(description="category", ordering="name")
    def indented(self, category: Category) -> str:
        return f"{category.parent.name} > {category.name}" if category.parent else category.name

    @admin.display(description="products", ordering="own")
    def count(self, category: Any) -> int:
        return int(category.own)

    def save_model(self, request: HttpRequest, obj: Category, form: ModelForm[Category], change: bool) -> None:
        prepare_to_write_listings(alone=True)
        super().save_model(request, obj, form, change)
        if change:
            show_category_again(obj.pk)


@admin.register(Attribute)
class AttributeAdmin(admin.ModelAdmin[Attribute]):
    """What can be said of products."""

    form = AttributeForm
    list_display = ("name", "code", "type", "unit", "is_filterable")
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Attribute | None = None) -> tuple[str, ...]:
        return ("code", "type") if obj else ()

    def save_model(self, request: HttpRequest, obj: Attribute, form: ModelForm[Attribute], change: bool) -> None:
        prepare_to_write_listings(alone=True)
        super().save_model(request, obj, form, change)
        if change:
            show_attribute_again(obj)
