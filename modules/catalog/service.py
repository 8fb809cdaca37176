"""The catalog as other modules ask it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from infra.http.pagination import InvalidCursor, page_after
from modules.catalog import queries, use_cases
from modules.catalog.contract import InvalidPage, Offer, ProductPage, ShownProduct, StockReservation


class CatalogService:
    """Implements `CatalogContract`."""

    def offers(self, *, references: Collection[str], currency: str) -> Mapping[str, Offer]:
        return queries.offers(references, currency=currency)

    def browse(self, *, text: str, currency: str, after: str | None, limit: int) -> ProductPage:
        sort = queries.Sort.RELEVANCE if text else queries.Sort.NEWEST
        order, filters = queries.ORDERS[sort], {"text": text, "currency": currency}
        try:
            page = page_after(after, of="catalog.browse", order=order, limit=max(1, min(limit, 100)), filters=filters)
        except InvalidCursor:
            raise InvalidPage from None
        products = queries.browsed(
            text, sort=sort, currency=currency, limit=page.limit + 1, later=page.condition(queries.EXPRESSIONS)
        )
        shown = products[: page.limit]
        return ProductPage(
            products=tuple(_shown(product.document) for product in shown),
            next=page.cursor(shown[-1].position) if len(products) > page.limit else None,
        )

    def reserve_stock(
        self, *, reservation_key: str, quantities: Mapping[UUID, int], hold_seconds: int
    ) -> StockReservation:
        hold = use_cases.reserve_stock(key=reservation_key, quantities=quantities, hold_seconds=hold_seconds)
        return StockReservation(reservation_key=hold.key, expires_at=hold.expires_at)

    def commit_stock(self, *, reservation_key: str) -> None:
        use_cases.commit_stock(key=reservation_key)

    def release_stock(self, *, reservation_key: str) -> None:
        use_cases.release_stock(key=reservation_key)


def _shown(document: queries.ProductDocument) -> ShownProduct:
    return ShownProduct(
        product_id=UUID(document.id),
        slug=document.slug,
        name=document.name,
        vendor=document.vendor,
        image=document.image,
        image_alt=document.image_alt,
        price=document.price,
        varies=len({variant.price.amount for variant in document.variants}) > 1,
        available=document.available,
    )
