"""Who a customer is, where they want things sent, and what the shop keeps about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postal_address import PostalAddress
from modules.users.contract import AddressNotFound, CustomerNotFound, CustomerSummary, Recipient
from modules.users.models import Address, Customer, Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An account as its owner sees it, preferences included."""

    customer_id: UUID
    email: str
    name: str
    locale: str
    currency: str
    marketing_consent: bool
    marketing_consent_at: datetime | None
    email_verified_at: datetime | None
    is_staff: bool
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressEntry:
    """An entry of an address book."""

    address_id: UUID
    address: PostalAddress
    created_at: datetime
    version: int


def profile(customer_id: UUID) -> Profile:
    """Return an account.

    Raises:
        CustomerNotFound: no such account, or it is closed.
    """
    customer = Customer.objects.filter(id=customer_id, is_active=True).first()
    if customer is None:
        raise CustomerNotFound()
    return profile_from(customer)


def profile_from(customer: Customer) -> Profile:
    return Profile(
        customer_id=customer.id,
        email=customer.email,
        name=customer.name,
        locale=customer.locale,
        currency=customer.currency,
        marketing_consent=customer.marketing_consent,
        marketing_consent_at=customer.marketing_consent_at,
        email_verified_at=customer.email_verified_at,
        is_staff=customer.is_staff,
        created_at=customer.created_at,
        version=customer.version,
    )


def addresses_of(customer_id: UUID, *, after: UUID | None = None, most: int = 100) -> list[AddressEntry]:
    """Return entries of a customer's address book, oldest first; those after the entry `after`."""
    rows = Address.objects.filter(customer_id=customer_id, customer__is_active=True).order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    return [entry_from(row) for row in rows[:most]]


def address_of(customer_id: UUID, address_id: UUID) -> AddressEntry:
    """Return one entry of a customer's own address book.

    Raises:
        AddressNotFound: no such entry, or somebody else's.
    """
    row = Address.objects.filter(id=address_id, customer_id=customer_id, customer__is_active=True).first()
    if row is None:
        raise AddressNotFound()
    return entry_from(row)


def entry_from(row: Address) -> AddressEntry:
    return AddressEntry(
        address_id=row.id, address=row.as_postal_address(), created_at=row.created_at, version=row.version
    )


def summary(customer_id: UUID) -> CustomerSummary:
    """Return a customer as other modules need to know them.

    Raises:
        CustomerNotFound: no such account, or it is closed.
    """
    return _summary_from(profile(customer_id))


def recipient(customer_id: UUID, address_id: str) -> Recipient:
    """Return a customer with one of their own addresses: one query when all is well.

    Raises:
        CustomerNotFound: no such account, or it is closed.
        AddressNotFound: the customer has no address of that id; what is no id at all is not found, either.
    """
    row = None
    if (id_ := _uuid(address_id)) is not None:
        row = (
            Address.objects.select_related("customer")
            .filter(id=id_, customer_id=customer_id, customer__is_active=True)
            .first()
        )
    if row is None:
        summary(customer_id)
        raise AddressNotFound()
    return Recipient(customer=_summary_from(profile_from(row.customer)), address=row.as_postal_address())


def everything_about(customer_id: UUID) -> dict[str, Any]:
    """Return all that users keeps about a customer, as plain values with the names of the wire (GDPR, article 15).

    Raises:
        CustomerNotFound: no such account, or it is closed.
    """
    account = profile(customer_id)
    sign_ins = Customer.objects.get(id=customer_id).sign_ins.order_by("started_at")
    notifications = Notification.objects.filter(email=account.email).order_by("created_at")
    return {
        "account": {
            "id": account.customer_id,
            "email": account.email,
            "emailVerifiedAt": account.email_verified_at,
            "name": account.name,
            "createdAt": account.created_at,
        },
        "preferences": {
            "locale": account.locale,
            "currency": account.currency,
            "marketingConsent": account.marketing_consent,
            "marketingConsentAt": account.marketing_consent_at,
        },
        "addresses": [
            {"id": entry.address_id, "createdAt": entry.created_at, "address": entry.address}
            for entry in addresses_of(customer_id)
        ],
        "signIns": [
            {"startedAt": sign_in.started_at, "endedAt": sign_in.revoked_at, "because": sign_in.revoked_because or None}
            for sign_in in sign_ins
        ],
        "emails": [
            {"kind": note.kind, "createdAt": note.created_at, "sentAt": note.sent_at, "facts": note.facts}
            for note in notifications
        ],
    }


def _summary_from(account: Profile) -> CustomerSummary:
    return CustomerSummary(
        customer_id=account.customer_id, email=account.email, name=account.name, locale=account.locale
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
