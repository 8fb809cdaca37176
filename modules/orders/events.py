"""What other modules may hear of orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event
from infra.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """Pieces of one variant, as they were sold."""

    variant_id: UUID
    product_id: UUID
    sku: str
    name: str
    quantity: int
    total: Money  # gross


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """A customer committed to buy. Nothing is paid or reserved yet."""

    name: ClassVar[str] = "orders.order_placed.v1"
    stream: ClassVar[str] = "order_id"
    order_id: UUID
    number: str
    customer_id: UUID | None  # None: a guest
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(Event):
    """An order is paid, its pieces are sold to it and its shipment is prepared."""

    name: ClassVar[str] = "orders.order_confirmed.v1"
    stream: ClassVar[str] = "order_id"
    order_id: UUID
    number: str
    customer_id: UUID | None
    email: str
    recipient: str  # the name on the address
    lines: tuple[OrderedLine, ...]
    shipping: Money
    total: Money  # gross, with shipping


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """An order came to nothing or was called off; what was reserved, paid or prepared is given back."""

    name: ClassVar[str] = "orders.order_cancelled.v1"
    stream: ClassVar[str] = "order_id"
    order_id: UUID
    number: str
    customer_id: UUID | None
    email: str
    recipient: str
    reason: str  # stable code: "payments.declined", "catalog.out_of_stock", "customer_request"
    was_confirmed: bool  # False: the checkout failed, the customer never saw a confirmation
    total: Money
