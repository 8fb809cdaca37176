"""What can be bought right now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from infra.databases.prepared import prepared_cursor
from infra.money import Money
from modules.catalog.contract import Offer
from modules.catalog.queries.documents import ALWAYS_AVAILABLE
from modules.catalog.queries.listings import as_uuid

MOST_REFERENCES = 200

_OFFERS = f"""
SELECT v.id, v.product_id, v.sku, p.title, v.options::text, p.slug, a.amount, v.weight_grams, v.requires_shipping,
       CASE WHEN k.is_tracked THEN k.on_hand - k.reserved ELSE {ALWAYS_AVAILABLE} END,
       (SELECT i.url FROM catalog_image i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1)
FROM catalog_variant v
JOIN catalog_product p ON p.id = v.product_id
JOIN catalog_price a ON a.variant_id = v.id AND a.currency = %(currency)s
JOIN catalog_stock k ON k.variant_id = v.id
WHERE (v.id = ANY(%(ids)s) OR v.sku = ANY(%(skus)s))
  AND v.is_active AND p.published_at IS NOT NULL AND p.withdrawn_at IS NULL
"""  # noqa: S608


def offers(references: Collection[str], *, currency: str) -> dict[str, Offer]:
    """Return the current offer of each variant asked for that is on sale in the currency, by the reference as asked.

    Args:
        references: variant ids or SKUs.

    Raises:
        ValueError: more references than `MOST_REFERENCES`.
    """
    if len(references) > MOST_REFERENCES:
        raise ValueError(f"At most {MOST_REFERENCES} offers can be asked for at once, not {len(references)}.")
    ids = {reference: id_ for reference in references if (id_ := as_uuid(reference)) is not None}
    parameters: dict[str, Any] = {"ids": list(ids.values()), "skus": list(references), "currency": currency}
    by_sku: dict[str, Offer] = {}
    by_id: dict[UUID, Offer] = {}
    with prepared_cursor("catalog") as cursor:
        cursor.execute(_OFFERS, parameters)
        for row in cursor.fetchall():
            offer = _offer(row, currency)
            by_sku[offer.sku] = by_id[offer.variant_id] = offer
    found = {reference: by_sku.get(reference) or by_id.get(ids.get(reference, _NOBODY)) for reference in references}
    return {reference: offer for reference, offer in found.items() if offer is not None}


_NOBODY = UUID(int=0)


def _offer(row: tuple[Any, ...], currency: str) -> Offer:
    variant_id, product_id, sku, title, options, slug, amount, weight, requires_shipping, available, image = row
    return Offer(
        variant_id=variant_id,
        product_id=product_id,
        sku=sku,
        name=full_name(title, read_options(options)),
        slug=slug,
        unit_price=Money(amount, currency),
        available=available,
        weight_grams=weight,
        requires_shipping=requires_shipping,
        image=image,
    )


read_options = msgspec.json.Decoder(list[list[str]]).decode


def full_name(title: str, options: list[list[str]]) -> str:
    """Return a variant's name where it stands alone: the product's title, followed by its options where it has any."""
    return f"{title}, {option_text(options)}" if options else title


def option_text(options: list[list[str]]) -> str:
    return " / ".join(value for _, value in options)
