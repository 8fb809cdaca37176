"""Payments in the admin: to look at. The one thing that can be done is giving everything back, by the use case."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from infra.errors import DomainError
from infra.identifiers import new_id
from modules.payments.models import Attempt, Invoice, LedgerEntry, Notification, Payment, Posting
from modules.payments.use_cases.refunding import refund_payment


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _Attempts(_ReadOnly, admin.TabularInline[Attempt, Payment]):
    model = Attempt
    fields = ("id", "kind", "amount", "status", "reason", "answer", "provider_ref", "created_at", "resolved_at")
    readonly_fields = fields
    ordering = ("created_at",)


class _Documents(_ReadOnly, admin.TabularInline[Invoice, Payment]):
    model = Invoice
    fields = ("kind", "document_number", "issued_at", "total", "currency", "tax", "reason")
    readonly_fields = fields
    ordering = ("issued_at",)


@admin.register(Payment)
class PaymentAdmin(_ReadOnly, admin.ModelAdmin[Payment]):
    """Payments with their attempts and documents."""

    list_display = (
        "id",
        "order_number",
        "status",
        "amount",
        "captured",
        "refunded",
        "currency",
        "method",
        "created_at",
    )
    list_filter = ("status", "provider", "method")
    search_fields = ("id", "order_id", "provider_ref")
    ordering = ("-created_at",)
    inlines = (_Attempts, _Documents)
    actions = ("refund_what_is_left",)

    @admin.display(description="order")
    def order_number(self, payment: Payment) -> str:
        return str(payment.order["order_number"])

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.change_payment")

    @admin.action(description="Give back all that is left", permissions=("refund",))
    def refund_what_is_left(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        """Refund each chosen payment in full; each ends with a message."""
        for payment in queryset:
            try:
                refund = refund_payment(
                    payment_id=payment.id,
                    amount=None,
                    reason=f"Refunded in the admin by {request.user.get_username()}"[:200],
                    request_key=f"admin:{new_id()}",
                    now=timezone.now(),
                )
            except DomainError as refusal:
                self.message_user(request, f"{payment}: {refusal.detail}", messages.ERROR)
            else:
                given = payment.money(refund.amount).as_text()
                self.message_user(request, f"{payment}: {given} {refund.status.lower()}")


class _Postings(_ReadOnly, admin.TabularInline[Posting, LedgerEntry]):
    model = Posting
    fields = ("account", "amount", "currency")
    readonly_fields = fields


@admin.register(LedgerEntry)
class LedgerEntryAdmin(_ReadOnly, admin.ModelAdmin[LedgerEntry]):
    """The ledger, entry by entry."""

    list_display = ("booked_at", "description", "payment_id")
    ordering = ("-booked_at",)
    inlines = (_Postings,)


@admin.register(Notification)
class NotificationAdmin(_ReadOnly, admin.ModelAdmin[Notification]):
    """Providers' webhooks."""

    list_display = ("received_at", "provider", "kind", "event_id", "attempt_key", "tries", "settled_at")
    list_filter = ("provider", "kind")
    ordering = ("-received_at",)
