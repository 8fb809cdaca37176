"""Orders in the admin: to look at; changes go through the API's use cases."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from modules.orders.models import HistoryEntry, Order, OrderLine


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _Lines(_ReadOnly, admin.TabularInline[OrderLine, Order]):
    model = OrderLine
    fields = ("sku", "name", "quantity", "unit_amount", "total_amount")


class _History(_ReadOnly, admin.TabularInline[HistoryEntry, Order]):
    model = HistoryEntry
    fields = ("at", "event", "actor", "detail")
    ordering = ("at", "id")


@admin.register(Order)
class OrderAdmin(_ReadOnly, admin.ModelAdmin[Order]):
    """An order with its lines and history."""

    list_display = ("number", "status", "email", "total_amount", "currency", "payment_status", "placed_at")
    list_filter = ("status", "payment_status", "shipment_status")
    search_fields = ("number", "email")
    date_hierarchy = None
    show_full_result_count = False
    inlines = (_Lines, _History)
