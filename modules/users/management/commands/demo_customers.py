"""`manage.py demo_customers`: somebody to sign in as, on a laptop."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from infra.postal_address import PostalAddress
from modules.users.models import Customer
from modules.users.use_cases.accounts import register, set_staff
from modules.users.use_cases.addresses import add_address

CUSTOMER = ("customer@example.com", "shop-at-banyan", "Clara Customer")
STAFF = ("staff@example.com", "work-at-banyan", "Stefan Staff")
HOME = PostalAddress(name="Clara Customer", line1="Unter den Linden 1", city="Berlin", postcode="10117", country="DE")


class Command(BaseCommand):
    help = "Make a customer with an address, and one of the staff; a repeat changes nothing."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ACCOUNTS:
            raise CommandError(
                "Demo accounts have passwords that everybody knows, so these settings refuse them (DEMO_ACCOUNTS)."
            )
        customer = _customer(*CUSTOMER)
        if not customer.addresses.exists():
            add_address(customer_id=customer.id, address=HOME, added_at=timezone.now())
        staff = _customer(*STAFF)
        set_staff(customer_id=staff.id, is_staff=True, changed_at=timezone.now())
        self.stdout.write(f"Customer  {CUSTOMER[0]}  password {CUSTOMER[1]}")
        self.stdout.write(f"Staff     {STAFF[0]}     password {STAFF[1]}")


def _customer(email: str, password: str, name: str) -> Customer:
    if known := Customer.objects.filter(email=email).first():
        return known
    customer = register(email=email, password=password, name=name, network_address="demo", registered_at=timezone.now())
    # Nobody reads the mailbox at example.com.
    Customer.objects.filter(id=customer.id).update(email_verified_at=timezone.now())
    return customer
