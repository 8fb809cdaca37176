"""What a page of products for people shows: all there is, or what a text finds."""

from __future__ import annotations

from typing import Any

from modules.catalog.queries.listings import Filters, ListedProduct, Sort, listed_products
from modules.catalog.queries.search import understood


def browsed(text: str, *, sort: Sort, currency: str, limit: int, later: tuple[str, list[Any]]) -> list[ListedProduct]:
    """Return the first `limit` products on sale that match a text (any, where it is empty), behind a cursor's condition."""
    expression = understood(text) if text else None
    if text and expression is None:
        return []
    return listed_products(Filters(currency=currency, search=expression), sort=sort, limit=limit, later=later)
