"""Products for tests, stored by the catalog's own use cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from infra.money import Money
from modules.catalog import use_cases
from modules.catalog.models import Variant
from modules.catalog.use_cases import ImageDraft, ProductDraft, VariantDraft

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = count(1)


def eur(amount: str | int) -> Money:
    """Return euro: from text in whole units (`eur("19.90")`), from a number in cents (`eur(1990)`)."""
    return Money(amount, "EUR") if isinstance(amount, int) else Money.parse(amount, "EUR")


@dataclass(frozen=True, slots=True)
class Sold:
    """A product as a test made it; the variant is its first."""

    product_id: UUID
    variant_id: UUID
    sku: str
    slug: str
    variant_ids: tuple[UUID, ...]


def product(
    title: str = "Lamp",
    *,
    price: Money | None = None,
    on_hand: int = 10,
    sku: str = "",
    variants: Mapping[str, int] | None = None,
    handle: str = "",
    description: str = "",
    vendor: str = "",
    category: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    attributes: Mapping[str, str | int | float | bool] | None = None,
    images: tuple[ImageDraft, ...] = (),
    is_published: bool = True,
    is_tracked: bool = True,
    requires_shipping: bool = True,
    weight_grams: int = 500,
    at: datetime = NOON,
) -> Sold:
    """Store a product on sale with one variant, or with one for each size in `variants` (size to pieces on hand)."""
    number = next(_numbers)
    sku = sku or f"SKU-{number}"
    sizes = variants or {"": on_hand}
    draft = ProductDraft(
        handle=handle or f"product-{number}",
        title=title,
        description=description,
        vendor=vendor,
        category=category,
        tags=tags,
        attributes=attributes or {},
        images=images,
        is_published=is_published,
        variants=tuple(
            VariantDraft(
                sku=f"{sku}-{size}" if size else sku,
                options=(("Size", size),) if size else (),
                prices=(price or eur("19.90"),),
                on_hand=pieces,
                is_tracked=is_tracked,
                requires_shipping=requires_shipping,
                weight_grams=weight_grams,
            )
            for size, pieces in sizes.items()
        ),
    )
    (stored,) = use_cases.save_products([draft], at=at)
    made = list(Variant.objects.filter(product=stored).order_by("position"))
    return Sold(stored.id, made[0].id, made[0].sku, stored.slug, tuple(variant.id for variant in made))
