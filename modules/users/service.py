"""The users contract, answered by this process."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from modules.users.contract import CustomerSummary, Recipient
from modules.users.queries import accounts
from modules.users.queries.signing_keys import public_keys


class UsersService:
    """Implements `UsersContract`."""

    def recipient(self, *, customer_id: UUID, address_id: str) -> Recipient:
        return accounts.recipient(customer_id, address_id)

    def verification_keys(self) -> Mapping[str, str]:
        return public_keys()

    def customer(self, *, customer_id: UUID) -> CustomerSummary:
        return accounts.summary(customer_id)
