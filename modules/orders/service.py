"""The orders contract, answered in this process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from modules.orders.contract import OrderSummary
from modules.orders.queries.orders import summaries


class OrdersService:
    """Implements OrdersContract."""

    def summaries(self, *, order_ids: Collection[UUID]) -> Mapping[UUID, OrderSummary]:
        return summaries(order_ids)
