"""Words for the tests of shipping: addresses, shipments on their way, and the row that a test looks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from infra.postal_address import PostalAddress
from modules.shipping.contract import ParcelLine
from modules.shipping.gateways.carrier import Carrier
from modules.shipping.models import Shipment
from modules.shipping.use_cases import carriage, shipments

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
BERLIN = PostalAddress(name="Anna Berg", line1="Torstraße 1", city="Berlin", postcode="10119", country="DE")
TENERIFE = replace(BERLIN, city="Adeje", region="Santa Cruz de Tenerife", postcode="38670", country="ES")
MADRID = replace(TENERIFE, city="Madrid", region="Madrid", postcode="28013")
LAMPS = ParcelLine(sku="LAMP-1", name="Lamp", quantity=2, weight_grams=700)


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def order_details(order_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
    """Return the arguments of `create_shipment`."""
    order_id = order_id or new_id()
    return {
        "shipment_key": str(order_id),
        "order_id": order_id,
        "order_number": "B-1001",
        "customer_id": None,
        "email": "anna@example.com",
        "address": BERLIN,
        "rate_code": "standard",
        "lines": (LAMPS,),
        **changes,
    }


def prepared(**changes: Any) -> Shipment:
    """Return a shipment whose order is not confirmed yet."""
    return shipments.create_shipment(**order_details(**changes))


def confirmed(**changes: Any) -> Shipment:
    """Return a shipment that may leave; its label is not bought yet."""
    shipment = prepared(**changes)
    shipments.confirm_shipment(order_id=shipment.order_id, confirmed_at=NOON)
    return now(shipment)


def labelled(carrier: Carrier, **changes: Any) -> Shipment:
    """Return a shipment with its label."""
    shipment = confirmed(**changes)
    carriage.ask_the_carrier(now=NOON, carrier=carrier)
    return now(shipment)


def dispatched(carrier: Carrier, **changes: Any) -> Shipment:
    """Return a shipment that left at noon."""
    shipment = labelled(carrier, **changes)
    shipments.dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=carrier)
    return now(shipment)


def now(shipment: Shipment) -> Shipment:
    """Return the shipment as it stands in the database now."""
    return Shipment.objects.get(id=shipment.id)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
