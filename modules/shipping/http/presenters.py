"""Rates and shipments as the API shows them."""

from __future__ import annotations

from typing import Any

from modules.shipping.contract import RateQuote
from modules.shipping.queries.shipments import Happening, ShipmentView


def rate_body(quote: RateQuote) -> dict[str, Any]:
    return {
        "code": quote.code,
        "name": quote.name,
        "price": quote.price,
        "daysMin": quote.days_min,
        "daysMax": quote.days_max,
    }


def shipment_body(shipment: ShipmentView) -> dict[str, Any]:
    return {
        "id": shipment.id,
        "orderId": shipment.order_id,
        "status": shipment.status,
        "trackingNumber": shipment.tracking_number,
        "carrier": shipment.carrier or None,
        "rate": shipment.rate,
        "lines": [{"sku": line.sku, "name": line.name, "quantity": line.quantity} for line in shipment.lines],
        "events": [_event(happening) for happening in shipment.events],
    }


def tracking_body(shipment: ShipmentView) -> dict[str, Any]:
    """Present what anybody may see who has the number: where the parcel is, and nothing of whose it is or what is in it."""
    return {
        "trackingNumber": shipment.tracking_number,
        "status": shipment.status,
        "carrier": shipment.carrier or None,
        "events": [_event(happening) for happening in shipment.events],
    }


def _event(happening: Happening) -> dict[str, Any]:
    return {
        "at": happening.at,
        "status": happening.status,
        "description": happening.description,
        "location": happening.location or None,
    }
