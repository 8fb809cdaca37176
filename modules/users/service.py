"""The users contract, answered by this process."""

from __future__ import annotations

from uuid import UUID

from modules.users.contract import CustomerSummary, Recipient
from modules.users.queries import accounts


class UsersService:
    """Implements `UsersContract`."""

    def recipient(self, *, customer_id: UUID, address_id: str) -> Recipient:
        return accounts.recipient(customer_id, address_id)

    def customer(self, *, customer_id: UUID) -> CustomerSummary:
        return accounts.summary(customer_id)
