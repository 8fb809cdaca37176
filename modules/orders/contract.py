"""What other modules may ask of orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from infra.contracts import contract, query
from infra.money import Money


class OrderStatus(StrEnum):
    """Where an order stands. PENDING: the checkout is still running; it always ends in one of the others."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """An order as it stands."""

    order_id: UUID
    number: str
    status: OrderStatus
    total: Money
    placed_at: datetime


@contract("orders.v1")
class OrdersContract(Protocol):
    """Orders as they stand. No module of the shop asks; it is there for consoles and teams' own modules."""

    @query(timeout_seconds=2.0, errors=())
    def summaries(self, *, order_ids: Collection[UUID]) -> Mapping[UUID, OrderSummary]:
        """Return the orders that exist among those asked for, at most 200, by id."""
        ...
