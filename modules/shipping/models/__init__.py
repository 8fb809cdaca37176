"""What shipping remembers."""

from modules.shipping.models.rates import Method, Rate, RateKind, RateStep, Zone
from modules.shipping.models.shipments import Shipment, ShipmentKey, ShipmentLine, TrackingEvent

__all__ = ["Method", "Rate", "RateKind", "RateStep", "Shipment", "ShipmentKey", "ShipmentLine", "TrackingEvent", "Zone"]
