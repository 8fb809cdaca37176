"""Keeping an address book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from infra.errors import Invalid, Refused
from infra.postal_address import PostalAddress, normalised, problems_of
from modules.users.contract import AddressNotFound, CustomerNotFound
from modules.users.models import Address, Customer
from modules.users.queries.accounts import AddressEntry, entry_from

MOST_ADDRESSES = 50  # a family and its friends; nobody's storage


class AddressBookFull(Refused):
    """An address book holds at most 50 addresses; delete one first."""

    code = "users.address_book_full"


class InvalidAddress(Invalid):
    """The address does not follow the rules of its country.

    Members: `errors`, a list of {"pointer", "code", "detail"}.
    """

    code = "validation_failed"


def add_address(*, customer_id: UUID, address: PostalAddress, added_at: datetime) -> AddressEntry:
    """Put an address into a customer's book, written as its country writes it.

    Raises:
        InvalidAddress, CustomerNotFound, AddressBookFull: nothing is added.
    """
    fields = _checked(address)
    with transaction.atomic(using="users"):
        # The customer's row is locked so that two requests at once cannot both take the last place.
        customer = Customer.objects.select_for_update().filter(id=customer_id, is_active=True).first()
        if customer is None:
            raise CustomerNotFound()
        if customer.addresses.count() >= MOST_ADDRESSES:
            raise AddressBookFull()
        row = Address.objects.create(customer=customer, created_at=added_at, **fields)
    return entry_from(row)


def change_address(
    *,
    customer_id: UUID,
    address_id: UUID,
    changed: Callable[[PostalAddress], PostalAddress],
    precondition: Callable[[int], None] = lambda version: None,
) -> AddressEntry:
    """Change an address in a customer's own book. Orders that used it keep what it was.

    Args:
        changed: returns the new address for the one that is there.
        precondition: called with the version that is there, once nobody else can change it; what it raises is raised.

    Raises:
        InvalidAddress, AddressNotFound: nothing is changed.
    """
    with transaction.atomic(using="users"):
        row = _own(customer_id, address_id, precondition)
        fields = _checked(changed(row.as_postal_address()))
        if any(getattr(row, field) != value for field, value in fields.items()):
            for field, value in fields.items():
                setattr(row, field, value)
            row.version += 1
            row.save()
    return entry_from(row)


def remove_address(
    *, customer_id: UUID, address_id: UUID, precondition: Callable[[int], None] = lambda version: None
) -> None:
    """Take an address out of a customer's own book.

    Raises:
        AddressNotFound: nothing is removed.
    """
    with transaction.atomic(using="users"):
        _own(customer_id, address_id, precondition).delete()


def _own(customer_id: UUID, address_id: UUID, precondition: Callable[[int], None]) -> Address:
    row = (
        Address.objects.select_for_update(of=("self",))
        .filter(id=address_id, customer_id=customer_id, customer__is_active=True)
        .first()
    )
    if row is None:
        raise AddressNotFound()
    precondition(row.version)
    return row


def _checked(address: PostalAddress) -> dict[str, str | None]:
    address = normalised(address)
    if found := problems_of(address):
        errors = [{"pointer": f"/{each.field}", "code": each.code, "detail": each.detail} for each in found]
        raise InvalidAddress(found[0].detail, errors=errors)
    return asdict(address)
