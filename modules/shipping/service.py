"""Shipping's answers to other modules."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from infra.money import Money
from infra.postal_address import PostalAddress
from modules.shipping.contract import ParcelLine, RateQuote, ShipmentSummary
from modules.shipping.queries import rates, shipments
from modules.shipping.use_cases import shipments as use_cases


class ShippingService:
    """`ShippingContract`, served from this module's own schema."""

    def quote(
        self, *, address: PostalAddress, goods: Money, weight_grams: int, rate_code: str | None
    ) -> tuple[RateQuote, ...]:
        return rates.quotes_for(address=address, goods=goods, weight_grams=weight_grams, rate_code=rate_code)

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
        return shipments.summary(
            use_cases.create_shipment(
                shipment_key=shipment_key,
                order_id=order_id,
                order_number=order_number,
                customer_id=customer_id,
                email=email,
                address=address,
                rate_code=rate_code,
                lines=lines,
            )
        )

    def cancel_shipment(self, *, shipment_key: str) -> None:
        use_cases.cancel_shipment(shipment_key=shipment_key, cancelled_at=timezone.now())
