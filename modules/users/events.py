"""What other modules may hear of users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRegistered(Event):
    """Somebody opened an account; the e-mail address is not verified yet."""

    name: ClassVar[str] = "users.customer_registered.v1"
    stream: ClassVar[str] = "customer_id"
    customer_id: UUID
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    """A customer proved that the e-mail address is theirs."""

    name: ClassVar[str] = "users.email_verified.v1"
    stream: ClassVar[str] = "customer_id"
    customer_id: UUID
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased(Event):
    """A customer asked to be forgotten; whoever keeps something personal under this id makes it unrecognisable."""

    name: ClassVar[str] = "users.customer_erased.v1"
    stream: ClassVar[str] = "customer_id"
    customer_id: UUID
