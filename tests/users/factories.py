"""Customers made for tests, through the use cases that make them in life."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from infra.events.testing import deliver_all
from infra.postal_address import PostalAddress
from modules.users.models import Customer
from modules.users.queries.accounts import AddressEntry
from modules.users.use_cases.accounts import register
from modules.users.use_cases.addresses import add_address
from modules.users.use_cases.sending import send_due_notifications
from tests.users.fakes import BERLIN

PASSWORD = "drei Esel im Regen"
PARIS = PostalAddress(name="Anna Schmidt", line1="Rue de Rivoli 99", city="Paris", postcode="75001", country="FR")


def a_customer(email: str | None = None, *, name: str = "Anna Schmidt", **changes: Any) -> Customer:
    """Return a new customer with `PASSWORD`; `changes` are set on the row afterwards."""
    customer = register(
        email=email or f"anna-{uuid4().hex[:12]}@example.com",
        password=PASSWORD,
        name=name,
        network_address="192.0.2.1",
        registered_at=timezone.now(),
    )
    if changes:
        Customer.objects.filter(id=customer.id).update(**changes)
        customer.refresh_from_db()
    return customer


def an_address(customer: Customer, address: PostalAddress = BERLIN) -> AddressEntry:
    return add_address(customer_id=customer.id, address=address, added_at=timezone.now())


def post_office() -> list[EmailMultiAlternatives]:
    """Deliver all events, send all e-mails that are due, and return what was sent since the last call."""
    deliver_all()
    send_due_notifications()
    sent = list(mail.outbox)
    mail.outbox.clear()
    return sent  # type: ignore[return-value]


def token_in(message: EmailMultiAlternatives) -> str:
    """Return the token that an e-mail's link carries."""
    found = re.search(r"#([\w-]{30,})", str(message.body))
    assert found, message.body
    return found.group(1)
