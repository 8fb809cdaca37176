"""Shipments as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from modules.shipping.contract import ShipmentNotFound, ShipmentStatus, ShipmentSummary
from modules.shipping.models import Shipment
from modules.shipping.models.tracking_numbers import is_well_formed


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One entry of a parcel's history, newest last."""

    at: datetime
    status: ShipmentStatus
    description: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """Pieces of one kind in a shipment."""

    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentView:
    """A shipment with all that its recipient may see."""

    id: UUID
    order_id: UUID
    customer_id: UUID | None
    status: ShipmentStatus
    tracking_number: str
    carrier: str
    rate: str
    lines: tuple[LineView, ...]
    events: tuple[Happening, ...]


def summary(shipment: Shipment) -> ShipmentSummary:
    """Return what other modules may know of a shipment."""
    return ShipmentSummary(
        shipment_id=shipment.id,
        order_id=shipment.order_id,
        status=ShipmentStatus(shipment.status),
        tracking_number=shipment.tracking_number,
        rate_code=shipment.rate_code,
    )


def shipment(shipment_id: UUID) -> ShipmentView:
    """Return a shipment.

    Raises:
        ShipmentNotFound: there is none of that id.
    """
    return _view(_one(id=shipment_id))


def tracked(tracking_number: str) -> ShipmentView:
    """Return the shipment of a tracking number, however it was typed (spaces, small letters).

    Raises:
        ShipmentNotFound: the number was mistyped, or never given to a parcel.
    """
    number = tracking_number.replace(" ", "").replace("-", "").upper()
    if not is_well_formed(number):
        raise ShipmentNotFound("This is no tracking number of ours; a character may be mistyped.")
    return _view(_one(tracking_number=number))


def _one(**key: object) -> Shipment:
    found = Shipment.objects.filter(**key).prefetch_related("lines", "tracking_events").first()
    if found is None:
        raise ShipmentNotFound
    return found


def _view(found: Shipment) -> ShipmentView:
    return ShipmentView(
        id=found.id,
        order_id=found.order_id,
        customer_id=found.customer_id,
        status=ShipmentStatus(found.status),
        tracking_number=found.tracking_number,
        carrier=found.carrier,
        rate=found.rate_code,
        lines=tuple(LineView(sku=line.sku, name=line.name, quantity=line.ordered) for line in found.lines.all()),
        events=tuple(_history(found)),
    )


def _history(found: Shipment) -> list[Happening]:
    own = (
        (found.created_at, ShipmentStatus.READY, "Being prepared"),
        (found.dispatched_at, ShipmentStatus.DISPATCHED, "Handed to the carrier"),
        (found.cancelled_at, ShipmentStatus.CANCELLED, "Cancelled"),
    )
    ours = [Happening(at=at, status=status, description=text, location="") for at, status, text in own if at]
    carriers = [
        Happening(at=seen.at, status=ShipmentStatus(seen.status), description=seen.description, location=seen.location)
        for seen in found.tracking_events.all()
    ]
    return sorted(ours + carriers, key=lambda happening: happening.at)
