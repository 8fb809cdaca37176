"""The catalog as other modules ask it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from modules.catalog import queries, use_cases
from modules.catalog.contract import Offer, StockReservation


class CatalogService:
    """Implements `CatalogContract`."""

    def offers(self, *, references: Collection[str], currency: str) -> Mapping[str, Offer]:
        return queries.offers(references, currency=currency)

    def reserve_stock(
        self, *, reservation_key: str, quantities: Mapping[UUID, int], hold_seconds: int
    ) -> StockReservation:
        hold = use_cases.reserve_stock(key=reservation_key, quantities=quantities, hold_seconds=hold_seconds)
        return StockReservation(reservation_key=hold.key, expires_at=hold.expires_at)

    def commit_stock(self, *, reservation_key: str) -> None:
        use_cases.commit_stock(key=reservation_key)

    def release_stock(self, *, reservation_key: str) -> None:
        use_cases.release_stock(key=reservation_key)
