"""A catalog in memory, for the tests of those who ask it; held to `test_contract.py` like the real one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from modules.catalog.contract import (
    InvalidPage,
    Offer,
    OutOfStock,
    ProductPage,
    ReservationReleased,
    ShownProduct,
    StockReservation,
)


@dataclass(slots=True)
class _Hold:
    state: str  # held, expired, committed, released
    quantities: dict[UUID, int]
    expires_at: datetime


class FakeCatalog:
    """Implements `CatalogContract`; `sells` puts something on sale, `expire` ends a hold before its time."""

    def __init__(self) -> None:
        self._offers: dict[UUID, Offer] = {}
        self._holds: dict[str, _Hold] = {}
        self._lock = RLock()

    def sells(
        self,
        name: str,
        unit_price: Money,
        *,
        pieces: int = 10,
        sku: str = "",
        weight_grams: int = 500,
        requires_shipping: bool = True,
    ) -> Offer:
        """Put a product with one variant on sale, and return its offer."""
        sku = sku or f"SKU-{len(self._offers) + 1}"
        offer = Offer(
            variant_id=new_id(),
            product_id=new_id(),
            sku=sku,
            name=name,
            slug=sku.lower(),
            unit_price=unit_price,
            available=pieces,
            weight_grams=weight_grams,
            requires_shipping=requires_shipping,
            image=None,
        )
        self._offers[offer.variant_id] = offer
        return offer

    def withdraws(self, sku: str) -> None:
        self._offers = {id_: offer for id_, offer in self._offers.items() if offer.sku != sku}

    def costs_now(self, sku: str, unit_price: Money) -> None:
        for id_, offer in self._offers.items():
            if offer.sku == sku:
                self._offers[id_] = replace(offer, unit_price=unit_price)

    def counts(self, sku: str, difference: int) -> None:
        """Add pieces, or take them off."""
        for id_, offer in list(self._offers.items()):
            if offer.sku == sku:
                self._change(id_, difference)

    def expire(self, reservation_key: str) -> None:
        with self._lock:
            hold = self._holds[reservation_key]
            if hold.state == "held":
                self._give_back(hold)
                hold.state = "expired"

    def state_of(self, reservation_key: str) -> str | None:
        hold = self._holds.get(reservation_key)
        return hold.state if hold else None

    def browse(self, *, text: str, currency: str, after: str | None, limit: int) -> ProductPage:
        found = [
            offer
            for offer in reversed(self._offers.values())
            if text.lower() in offer.name.lower() and offer.unit_price.currency == currency
        ]
        if after is not None and not after.startswith(f"{text}:"):
            raise InvalidPage
        start = int(after.rpartition(":")[2]) if after else 0
        return ProductPage(
            products=tuple(
                ShownProduct(
                    product_id=offer.product_id,
                    slug=offer.slug,
                    name=offer.name,
                    vendor="",
                    image=None,
                    image_alt="",
                    price=offer.unit_price,
                    varies=False,
                    available=offer.available,
                )
                for offer in found[start : start + limit]
            ),
            next=f"{text}:{start + limit}" if len(found) > start + limit else None,
        )

    def offers(self, *, references: Collection[str], currency: str) -> Mapping[str, Offer]:
        known = {
            name: offer
            for offer in self._offers.values()
            if offer.unit_price.currency == currency
            for name in (str(offer.variant_id), offer.sku)
        }
        return {reference: known[reference] for reference in references if reference in known}

    def reserve_stock(
        self, *, reservation_key: str, quantities: Mapping[UUID, int], hold_seconds: int
    ) -> StockReservation:
        with self._lock:
            until = datetime.now(UTC) + timedelta(seconds=hold_seconds)
            hold = self._holds.get(reservation_key)
            if hold is None or hold.state == "expired":
                self._take(quantities)
                hold = self._holds[reservation_key] = _Hold("held", dict(quantities), until)
            if hold.state == "released":
                raise ReservationReleased
            if hold.state == "held":
                hold.expires_at = max(hold.expires_at, until)
            return StockReservation(reservation_key=reservation_key, expires_at=hold.expires_at)

    def commit_stock(self, *, reservation_key: str) -> None:
        with self._lock:
            hold = self._holds.get(reservation_key)
            if hold is None:
                raise OutOfStock("Nothing is held under this key.", shortages=[])
            if hold.state == "released":
                raise ReservationReleased
            if hold.state == "expired":
                self._take(hold.quantities)
            hold.state = "committed"

    def release_stock(self, *, reservation_key: str) -> None:
        with self._lock:
            hold = self._holds.setdefault(reservation_key, _Hold("released", {}, datetime.now(UTC)))
            if hold.state in ("held", "committed"):
                self._give_back(hold)
            hold.state = "released"

    def _take(self, quantities: Mapping[UUID, int]) -> None:
        shortages = [
            {
                "variantId": str(id_),
                "sku": self._offers[id_].sku if id_ in self._offers else "",
                "requested": wanted,
                "available": self._offers[id_].available if id_ in self._offers else 0,
            }
            for id_, wanted in sorted(quantities.items())
            if id_ not in self._offers or self._offers[id_].available < wanted
        ]
        if shortages:
            raise OutOfStock("Not enough pieces are available.", shortages=shortages)
        for id_, wanted in quantities.items():
            self._change(id_, -wanted)

    def _give_back(self, hold: _Hold) -> None:
        for id_, pieces in hold.quantities.items():
            self._change(id_, pieces)

    def _change(self, variant_id: UUID, pieces: int) -> None:
        offer = self._offers.get(variant_id)
        if offer is not None:
            self._offers[variant_id] = replace(offer, available=offer.available + pieces)
