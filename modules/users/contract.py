"""What other modules may ask of users: who a customer is and where they want things sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from infra.contracts import contract, query
from infra.errors import NotFound
from infra.postal_address import PostalAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSummary:
    """A customer, as others need to know them."""

    customer_id: UUID
    email: str
    name: str
    locale: str  # BCP 47, such as "de-DE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A customer with one of their addresses."""

    customer: CustomerSummary
    address: PostalAddress


class CustomerNotFound(NotFound):
    """There is no such customer."""

    code = "users.customer_not_found"


class AddressNotFound(NotFound):
    """The customer has no such address."""

    code = "users.address_not_found"
    status = 422


@contract("users.v1")
class UsersContract(Protocol):
    """Customers and their address books."""

    @query(timeout_seconds=2.0, errors=(CustomerNotFound, AddressNotFound))
    def recipient(self, *, customer_id: UUID, address_id: str) -> Recipient:
        """Return a customer together with one of their own addresses.

        Raises:
            CustomerNotFound: no such customer.
            AddressNotFound: the customer has no address of that id (ids of others' addresses included).
        """
        ...

    @query(timeout_seconds=2.0, errors=())
    def verification_keys(self) -> Mapping[str, str]:
        """Return the public keys that access tokens are verified with, as PEM texts by key id."""
        ...

    @query(timeout_seconds=2.0, errors=(CustomerNotFound,))
    def customer(self, *, customer_id: UUID) -> CustomerSummary:
        """Return a customer.

        Raises:
            CustomerNotFound: no such customer.
        """
        ...
