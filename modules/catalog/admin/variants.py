"""Variants with their prices and stock, and who holds what."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from modules.catalog.admin.forms import PriceForm, StockForm
from modules.catalog.models import Movement, Price, Reservation, Variant
from modules.catalog.queries.offers import full_name
from modules.catalog.use_cases import Reason, adjust_stock
from modules.catalog.use_cases.listings import prepare_to_write_listings
from modules.catalog.use_cases.products import accept_edit


class PriceInline(admin.TabularInline[Price, Variant]):
    """One price per currency."""

    model = Price
    form = PriceForm
    extra = 1


class _LookOnly:
    """To be looked at; what it shows is made by use cases."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MovementInline(_LookOnly, admin.TabularInline[Movement, Variant]):
    """Where the pieces came from and went."""

    model = Movement
    extra = 0
    fields = readonly_fields = ("at", "quantity", "reason", "reference")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Movement]:
        newest = Movement.objects.filter(
            variant=request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        )
        return super().get_queryset(request).filter(pk__in=newest.order_by("-at").values("pk")[:50])


@admin.register(Variant)
class VariantAdmin(admin.ModelAdmin[Variant]):
    """Variants; new ones are added on their product's page."""

    form = StockForm
    list_display = ("sku", "name", "on_hand", "reserved", "is_active")
    search_fields = ("sku", "product__title", "barcode")
    list_filter = ("is_active",)
    list_select_related = ("product", "stock")
    readonly_fields = ("name", "on_hand", "reserved")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "sku",
                    "options",
                    "barcode",
                    "weight_grams",
                    "requires_shipping",
                    "is_active",
                    "position",
                )
            },
        ),
        ("Stock", {"fields": ("on_hand", "reserved", "difference", "reason", "reference")}),
    )
    inlines: ClassVar = [PriceInline, MovementInline]
    list_per_page = 50

    @admin.display(ordering="product__title")
    def name(self, variant: Variant) -> str:
        return full_name(variant.product.title, variant.options)

    @admin.display(ordering="stock__on_hand")
    def on_hand(self, variant: Variant) -> int:
        return variant.stock.on_hand

    @admin.display(ordering="stock__reserved")
    def reserved(self, variant: Variant) -> int:
        return variant.stock.reserved

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Variant | None = None) -> bool:
        return False  # orders know it; an inactive one is not sold

    def save_model(self, request: HttpRequest, obj: Variant, form: ModelForm[Variant], change: bool) -> None:
        prepare_to_write_listings()  # before any row is locked, as everywhere
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        variant: Variant = form.instance
        accept_edit(variant.product_id)
        if difference := form.cleaned_data.get("difference"):
            reference = form.cleaned_data["reference"] or str(request.user)
            reason = Reason(form.cleaned_data["reason"] or Reason.CORRECTED)
            adjust_stock(sku=variant.sku, difference=difference, reason=reason, reference=reference)


@admin.register(Reservation)
class ReservationAdmin(_LookOnly, admin.ModelAdmin[Reservation]):
    """Pieces set aside."""

    list_display = ("key", "state", "pieces", "expires_at", "created_at")
    list_filter = ("state",)
    search_fields = ("key",)

    def pieces(self, reservation: Reservation) -> str:
        lines = reservation.lines.select_related("variant")
        return ", ".join(f"{line.quantity} x {line.variant.sku}" for line in lines)
