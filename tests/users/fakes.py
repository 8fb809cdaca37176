"""A stand-in for users, for tests of other modules; checked by the same suite as the real one (test_contract.py)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from infra.identifiers import new_id
from infra.postal_address import PostalAddress
from modules.users.contract import AddressNotFound, CustomerNotFound, CustomerSummary, Recipient

BERLIN = PostalAddress(name="Anna Schmidt", line1="Unter den Linden 1", city="Berlin", postcode="10117", country="DE")


class FakeUsers:
    """Implements `UsersContract` from memory."""

    def __init__(self) -> None:
        self._customers: dict[UUID, CustomerSummary] = {}
        self._addresses: dict[tuple[UUID, str], PostalAddress] = {}

    def registers(self, email: str = "anna@example.com", *, name: str = "Anna Schmidt", locale: str = "en") -> UUID:
        """Add a customer and return the id."""
        customer = CustomerSummary(customer_id=new_id(), email=email, name=name, locale=locale)
        self._customers[customer.customer_id] = customer
        return customer.customer_id

    def keeps_address(self, customer_id: UUID, address: PostalAddress) -> str:
        """Add an address to a customer's book and return its id."""
        address_id = str(new_id())
        self._addresses[customer_id, address_id] = address
        return address_id

    def closes(self, customer_id: UUID) -> None:
        """Close a customer's account."""
        del self._customers[customer_id]

    def verification_keys(self) -> Mapping[str, str]:
        return {"fake": "-----BEGIN PUBLIC KEY-----"}

    def recipient(self, *, customer_id: UUID, address_id: str) -> Recipient:
        customer = self.customer(customer_id=customer_id)
        address = self._addresses.get((customer_id, address_id))
        if address is None:
            raise AddressNotFound()
        return Recipient(customer=customer, address=address)

    def customer(self, *, customer_id: UUID) -> CustomerSummary:
        if customer_id not in self._customers:
            raise CustomerNotFound()
        return self._customers[customer_id]
