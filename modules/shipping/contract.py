"""What other modules may ask shipping: what sending costs, and to send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from infra.contracts import command, contract, query
from infra.errors import Invalid, NotFound, Refused
from infra.money import Money
from infra.postal_address import PostalAddress


class ShipmentStatus(StrEnum):
    """Where a shipment stands; it only ever moves on, never back."""

    READY = "READY"  # created, nothing has left
    DISPATCHED = "DISPATCHED"  # handed to the carrier
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateQuote:
    """What sending a parcel costs."""

    code: str  # stable name: "standard"
    name: str  # for people: "Standard delivery"
    price: Money
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLine:
    """Pieces of one kind in a shipment."""

    sku: str
    name: str
    quantity: int
    weight_grams: int  # per piece


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentSummary:
    """A shipment as it stands."""

    shipment_id: UUID
    order_id: UUID
    status: ShipmentStatus
    tracking_number: str
    rate_code: str


class NotServed(Refused):
    """The shop does not send there."""

    code = "shipping.not_served"
    status = 422


class UnknownRate(Refused):
    """There is no such way of sending for this parcel and place.

    Members: `rates`, the codes that there are.
    """

    code = "shipping.unknown_rate"
    status = 422


class InvalidAddress(Invalid):
    """The address does not follow the rules of its country.

    Members: `errors`, a list of {"pointer", "code", "detail"}.
    """

    code = "shipping.invalid_address"


class AlreadyDispatched(Refused):
    """The parcel has left; it can be returned, no longer cancelled."""

    code = "shipping.already_dispatched"


class ShipmentClosed(Refused):
    """The shipment under this key was cancelled; a cancelled key stays cancelled."""

    code = "shipping.closed"


class ShipmentNotFound(NotFound):
    """There is no such shipment."""

    code = "shipping.shipment_not_found"


@contract("shipping.v1")
class ShippingContract(Protocol):
    """Rates and shipments. The key of a shipment is the order's id."""

    @query(timeout_seconds=2.0, errors=(NotServed, InvalidAddress, UnknownRate))
    def quote(
        self, *, address: PostalAddress, goods: Money, weight_grams: int, rate_code: str | None
    ) -> tuple[RateQuote, ...]:
        """Return the rates for a parcel to an address, cheapest first; with `rate_code`, just that one.

        Args:
            goods: gross value of the goods, for rates that depend on it; decides the currency.

        Raises:
            InvalidAddress: the address breaks a rule of its country.
            NotServed: no zone covers the address.
            UnknownRate: `rate_code` is not among the rates.
        """
        ...

    @command(timeout_seconds=10.0, errors=(NotServed, InvalidAddress, UnknownRate, ShipmentClosed), key="shipment_key")
    def create_shipment(
        self,
        *,
        shipment_key: str,
        order_id: UUID,
        order_number: str,
        customer_id: UUID | None,
        email: str,
        address: PostalAddress,
        rate_code: str,
        lines: tuple[ParcelLine, ...],
    ) -> ShipmentSummary:
        """Create the shipment of an order, once per key; a repeat returns it as it stands.

        Raises:
            NotServed, InvalidAddress, UnknownRate: nothing is created.
            ShipmentClosed: `cancel_shipment` was called with this key before; nothing is created.
        """
        ...

    @command(timeout_seconds=10.0, errors=(AlreadyDispatched,), key="shipment_key")
    def cancel_shipment(self, *, shipment_key: str) -> None:
        """Cancel a shipment that has not left, and close the key; unknown keys are closed too. A repeat changes nothing.

        Raises:
            AlreadyDispatched: the parcel is with the carrier; nothing is changed.
        """
        ...
