"""What other modules may hear of shipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDispatched(Event):
    """A parcel was handed to the carrier."""

    name: ClassVar[str] = "shipping.shipment_dispatched.v1"
    stream: ClassVar[str] = "shipment_id"
    shipment_id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID | None
    email: str
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDelivered(Event):
    """A parcel reached its address."""

    name: ClassVar[str] = "shipping.shipment_delivered.v1"
    stream: ClassVar[str] = "shipment_id"
    shipment_id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID | None
    email: str
    tracking_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCancelled(Event):
    """A shipment was called off before it left."""

    name: ClassVar[str] = "shipping.shipment_cancelled.v1"
    stream: ClassVar[str] = "shipment_id"
    shipment_id: UUID
    order_id: UUID
