"""What other modules may ask the catalog: what can be bought right now, and to set pieces aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from infra.contracts import command, contract, query
from infra.errors import Invalid, Refused
from infra.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A variant as it can be bought right now: a quotation, not a reservation."""

    variant_id: UUID
    product_id: UUID
    sku: str
    name: str  # the product's name, followed by the variant's options where it has any
    slug: str
    unit_price: Money  # gross, per piece
    available: int  # pieces that could be reserved at the moment of asking
    weight_grams: int
    requires_shipping: bool
    image: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReservation:
    """Pieces set aside under a key until they are committed, released, or expired."""

    reservation_key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A variant of which fewer pieces are available than wanted."""

    variant_id: UUID
    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProduct:
    """A product as a page of many shows it."""

    product_id: UUID
    slug: str
    name: str
    vendor: str
    image: str | None
    image_alt: str
    price: Money  # of the cheapest variant
    varies: bool  # whether its variants cost different amounts
    available: int  # pieces of all variants


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """Some products in order, and the cursor of those after them; None at the end."""

    products: tuple[ShownProduct, ...]
    next: str | None


class InvalidPage(Invalid):
    """The cursor belongs to no page of this list; start again without one."""

    code = "catalog.invalid_page"


class OutOfStock(Refused):
    """Fewer pieces are available than wanted.

    Members: `shortages`, a list of {"variantId", "sku", "requested", "available"}.
    """

    code = "catalog.out_of_stock"


class ReservationReleased(Refused):
    """The reservation under this key was released; a released key stays released."""

    code = "catalog.reservation_released"


@contract("catalog.v1")
class CatalogContract(Protocol):
    """Offers and stock of the catalog."""

    @query(timeout_seconds=2.0, errors=())
    def offers(self, *, references: Collection[str], currency: str) -> Mapping[str, Offer]:
        """Return the current offer for each reference that is on sale in that currency, by the reference as asked.

        Args:
            references: variant ids or SKUs, at most 200. What is unknown, withdrawn or unpriced is left out.
        """
        ...

    @query(timeout_seconds=5.0, errors=(InvalidPage,))
    def browse(self, *, text: str, currency: str, after: str | None, limit: int) -> ProductPage:
        """Return a page of what is on sale: what matches a text best first, or without a text the newest first.

        Args:
            after: the `next` of the page before, asked with the same text and currency; None is the first page.
            limit: 1 to 100 products.

        Raises:
            InvalidPage: `after` is damaged, or of another text or currency.
        """
        ...

    @command(timeout_seconds=5.0, errors=(OutOfStock, ReservationReleased), key="reservation_key")
    def reserve_stock(
        self, *, reservation_key: str, quantities: Mapping[UUID, int], hold_seconds: int
    ) -> StockReservation:
        """Set pieces aside for `hold_seconds`, all or none.

        A repeat with the same key extends the hold and takes no further piece; a hold that expired meanwhile is taken anew.

        Args:
            quantities: pieces wanted, each at least 1, by variant id.

        Raises:
            OutOfStock: nothing is set aside.
            ReservationReleased: the key was released before, perhaps even before it was used; nothing is set aside.
        """
        ...

    @command(timeout_seconds=5.0, errors=(OutOfStock, ReservationReleased), key="reservation_key")
    def commit_stock(self, *, reservation_key: str) -> None:
        """Turn a hold into a sale: the pieces leave the stock for good. A repeat changes nothing.

        Raises:
            OutOfStock: the hold had expired and its pieces are gone meanwhile.
            ReservationReleased: the key was released before.
        """
        ...

    @command(timeout_seconds=5.0, errors=(), key="reservation_key")
    def release_stock(self, *, reservation_key: str) -> None:
        """Give the pieces back, held or sold, and close the key for ever; a repeat changes nothing.

        Unknown keys are closed, too.
        """
        ...
