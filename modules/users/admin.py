"""Customers in the admin: look, close an account, let somebody act for the shop."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from modules.users.models import Address, Customer, Notification
from modules.users.use_cases.accounts import set_active, set_staff


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class AddressesInline(_ReadOnly, admin.TabularInline[Address, Customer]):
    """The address book, to look at."""

    model = Address
    fields = ("name", "line1", "line2", "postcode", "city", "region", "country")
    extra = 0


@admin.register(Customer)
class CustomerAdmin(_ReadOnly, admin.ModelAdmin[Customer]):
    """Accounts; changed by actions only, which do what the use cases do."""

    list_display = ("email", "name", "is_active", "is_staff", "email_verified_at", "created_at")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    fields = (
        "id",
        "email",
        "name",
        "locale",
        "currency",
        "marketing_consent",
        "marketing_consent_at",
        "is_active",
        "is_staff",
        "email_verified_at",
        "created_at",
        "erased_at",
    )
    inlines = (AddressesInline,)
    actions = ("close_accounts", "open_accounts", "make_staff", "make_no_staff")
    show_full_result_count = False  # counting all customers on each page is what makes admins slow

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Return whether the actions are shown and obeyed; looking needs less."""
        return request.user.has_perm("users.change_customer")

    @admin.action(permissions=["manage"], description="Close the selected accounts")
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(is_active=True):
            set_active(customer_id=customer.id, is_active=False, changed_at=timezone.now())
            self.log_change(request, customer, "Closed the account.")

    @admin.action(permissions=["manage"], description="Open the selected accounts again")
    def open_accounts(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(is_active=False, erased_at=None):
            set_active(customer_id=customer.id, is_active=True, changed_at=timezone.now())
            self.log_change(request, customer, "Opened the account again.")

    @admin.action(permissions=["manage"], description="Let the selected customers act for the shop (API)")
    def make_staff(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(is_active=True, is_staff=False):
            set_staff(customer_id=customer.id, is_staff=True, changed_at=timezone.now())
            self.log_change(request, customer, "May act for the shop.")

    @admin.action(permissions=["manage"], description="Let the selected customers no longer act for the shop")
    def make_no_staff(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(is_active=True, is_staff=True):
            set_staff(customer_id=customer.id, is_staff=False, changed_at=timezone.now())
            self.log_change(request, customer, "May no longer act for the shop.")


@admin.register(Notification)
class NotificationAdmin(_ReadOnly, admin.ModelAdmin[Notification]):
    """E-mails, to look at."""

    list_display = ("kind", "email", "created_at", "sent_at", "attempts", "given_up_at", "last_error")
    list_filter = ("kind",)
    search_fields = ("email",)
    ordering = ("-created_at",)
    show_full_result_count = False
