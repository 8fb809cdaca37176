"""Shipping for tests of those who ask it: no database, the same answers (`test_contract.py` checks both)."""

from __future__ import annotations

import secrets
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from infra.postal_address import PostalAddress, problems_of
from modules.shipping.contract import (
    AlreadyDispatched,
    InvalidAddress,
    NotServed,
    ParcelLine,
    RateQuote,
    ShipmentClosed,
    ShipmentStatus,
    ShipmentSummary,
    UnknownRate,
)


class FakeShipping:
    """`ShippingContract` in memory, held to its promises by `tests/shipping/test_contract.py`.

    Sends everywhere but to the countries in `not_served`: "standard" is free, "express" costs 6.90 of any currency.
    """

    def __init__(self, *, not_served: frozenset[str] = frozenset()) -> None:
        self.shipments: dict[str, ShipmentSummary] = {}
        self._not_served = not_served
        self._closed: set[str] = set()

    def dispatch(self, shipment_key: str) -> None:
        """Let a parcel leave, so that it can no longer be cancelled."""
        self._change(shipment_key, ShipmentStatus.DISPATCHED)

    def quote(
        self, *, address: PostalAddress, goods: Money, weight_grams: int, rate_code: str | None
    ) -> tuple[RateQuote, ...]:
        if problems := problems_of(address):
            errors = [{"pointer": f"/{p.field}", "code": p.code, "detail": p.detail} for p in problems]
            raise InvalidAddress(errors=errors)
        if address.country in self._not_served:
            raise NotServed
        rates = (
            RateQuote(
                code="standard", name="Standard delivery", price=Money.zero(goods.currency), days_min=2, days_max=3
            ),
            RateQuote(
                code="express", name="Express delivery", price=Money(690, goods.currency), days_min=1, days_max=1
            ),
        )
        if rate_code is None:
            return rates
        if chosen := tuple(rate for rate in rates if rate.code == rate_code):
            return chosen
        raise UnknownRate(rates=["express", "standard"])

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
        if shipment_key in self._closed:
            raise ShipmentClosed
        if shipment_key not in self.shipments:
            self.quote(address=address, goods=Money.zero("EUR"), weight_grams=0, rate_code=rate_code)
            self.shipments[shipment_key] = ShipmentSummary(
                shipment_id=new_id(),
                order_id=order_id,
                status=ShipmentStatus.READY,
                tracking_number=f"BN{secrets.randbelow(10**15):015d}",
                rate_code=rate_code,
            )
        return self.shipments[shipment_key]

    def cancel_shipment(self, *, shipment_key: str) -> None:
        shipment = self.shipments.get(shipment_key)
        if shipment is not None and shipment.status not in (ShipmentStatus.READY, ShipmentStatus.CANCELLED):
            raise AlreadyDispatched
        self._closed.add(shipment_key)
        if shipment is not None:
            self._change(shipment_key, ShipmentStatus.CANCELLED)

    def _change(self, shipment_key: str, status: ShipmentStatus) -> None:
        known = self.shipments[shipment_key]
        self.shipments[shipment_key] = ShipmentSummary(
            shipment_id=known.shipment_id,
            order_id=known.order_id,
            status=status,
            tracking_number=known.tracking_number,
            rate_code=known.rate_code,
        )
