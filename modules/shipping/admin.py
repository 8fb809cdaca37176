"""Zones and rates to be edited; shipments to be looked at and dispatched."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from infra.errors import DomainError
from modules.shipping.gateways import the_carrier
from modules.shipping.models import Method, Rate, RateStep, Shipment, ShipmentLine, TrackingEvent, Zone
from modules.shipping.use_cases.shipments import dispatch_shipment


class RateInline(admin.TabularInline[Rate, Zone]):
    """The rates of a zone; their steps are edited on their own page."""

    model = Rate
    extra = 0
    show_change_link = True


@admin.register(Zone)
class ZoneAdmin(admin.ModelAdmin[Zone]):
    """Which places belong together."""

    list_display = ("name", "code", "priority", "is_rest_of_world", "is_active")
    search_fields = ("name", "code")
    inlines: ClassVar = [RateInline]


@admin.register(Method)
class MethodAdmin(admin.ModelAdmin[Method]):
    """Ways of sending."""

    list_display = ("code", "name", "is_active")


class RateStepInline(admin.TabularInline[RateStep, Rate]):
    """From which weight or value on the rate costs what."""

    model = RateStep
    extra = 1


@admin.register(Rate)
class RateAdmin(admin.ModelAdmin[Rate]):
    """What a method costs in a zone."""

    list_display = ("zone", "method", "currency", "kind", "amount", "free_from", "is_active")
    list_display_links = ("zone", "method")
    list_filter = ("zone", "method", "currency", "kind")
    list_select_related = ("zone", "method")
    inlines: ClassVar = [RateStepInline]


class _ReadOnly:
    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False

    def has_delete_permission(self, *args: Any) -> bool:
        return False


class LineInline(_ReadOnly, admin.TabularInline[ShipmentLine, Shipment]):
    """What is in the parcel."""

    model = ShipmentLine
    fields = ("sku", "name", "ordered", "shipped", "weight_grams")


class EventInline(_ReadOnly, admin.TabularInline[TrackingEvent, Shipment]):
    """What the carrier saw."""

    model = TrackingEvent
    fields = ("at", "status", "description", "location")


@admin.register(Shipment)
class ShipmentAdmin(_ReadOnly, admin.ModelAdmin[Shipment]):
    """Parcels; they change by dispatching only."""

    list_display = ("order_number", "tracking_number", "status", "rate_code", "carrier", "created_at", "problem")
    list_filter = ("status", "rate_code", "carrier")
    search_fields = ("order_number", "tracking_number", "email")
    date_hierarchy = "created_at"
    inlines: ClassVar = [LineInline, EventInline]
    actions = ("dispatch_selected",)

    @admin.action(description="Dispatch: the carrier has these parcels", permissions=["dispatch"])
    def dispatch_selected(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        dispatched = 0
        for shipment in queryset:
            try:
                dispatch_shipment(shipment_id=shipment.id, dispatched_at=timezone.now(), carrier=the_carrier())
                dispatched += 1
            except DomainError as refusal:
                self.message_user(request, f"{shipment}: {refusal.detail}", messages.ERROR)
        self.message_user(request, f"Dispatched: {dispatched}.", messages.SUCCESS)

    def has_dispatch_permission(self, request: HttpRequest) -> bool:
        # Looking is allowed to all who see shipments, letting them leave to those who may change them.
        return request.user.has_perm("shipping.change_shipment")
