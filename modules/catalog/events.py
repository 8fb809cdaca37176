"""What other modules may hear of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPublished(Event):
    """A product is on sale from now on."""

    name: ClassVar[str] = "catalog.product_published.v1"
    stream: ClassVar[str] = "product_id"
    product_id: UUID
    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductWithdrawn(Event):
    """A product is no longer on sale; orders that hold it are not touched."""

    name: ClassVar[str] = "catalog.product_withdrawn.v1"
    stream: ClassVar[str] = "product_id"
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StockDepleted(Event):
    """The last available piece of a variant was reserved or sold."""

    name: ClassVar[str] = "catalog.stock_depleted.v1"
    stream: ClassVar[str] = "variant_id"
    variant_id: UUID
    sku: str
