"""The stock as it stands, and whether its books agree."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from infra.errors import NotFound


class VariantUnknown(NotFound):
    """There is no such variant."""

    code = "catalog.variant_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """The stock of a variant as it stands."""

    variant_id: UUID
    sku: str
    on_hand: int
    reserved: int
    is_tracked: bool

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A variant whose stock is not what its movements and holds add up to."""

    sku: str
    on_hand: int
    moved: int
    reserved: int
    held: int


_LEVEL = """
SELECT v.id, v.sku, k.on_hand, k.reserved, k.is_tracked
FROM catalog_variant v JOIN catalog_stock k ON k.variant_id = v.id WHERE v.sku = %s
"""

_DISCREPANCIES = """
SELECT v.sku, k.on_hand, coalesce(m.moved, 0), k.reserved, coalesce(h.held, 0)
FROM catalog_stock k JOIN catalog_variant v ON v.id = k.variant_id
LEFT JOIN (SELECT variant_id, sum(quantity)::int AS moved FROM catalog_movement GROUP BY variant_id) m
    ON m.variant_id = k.variant_id
LEFT JOIN (SELECT l.variant_id, sum(l.held)::int AS held
           FROM catalog_reservationline l JOIN catalog_reservation r ON r.key = l.reservation_id AND r.state = 'held'
           GROUP BY l.variant_id) h ON h.variant_id = k.variant_id
WHERE k.on_hand <> coalesce(m.moved, 0) OR k.reserved <> coalesce(h.held, 0)
ORDER BY v.sku
"""


def stock_level(sku: str, *, lock: bool = False) -> StockLevel:
    """Return the present stock of a variant.

    Args:
        lock: keep it from changing until the transaction ends.

    Raises:
        VariantUnknown: no variant has that SKU.
    """
    with connections["catalog"].cursor() as cursor:
        cursor.execute(_LEVEL + ("FOR NO KEY UPDATE OF k" if lock else ""), [sku])
        row = cursor.fetchone()
    if row is None:
        raise VariantUnknown(f"No variant has the SKU {sku}.")
    return StockLevel(variant_id=row[0], sku=row[1], on_hand=row[2], reserved=row[3], is_tracked=row[4])


def discrepancies() -> list[Discrepancy]:
    """Return every variant whose books disagree: on hand is the sum of its movements, reserved that of its live holds."""
    with connections["catalog"].cursor() as cursor:
        cursor.execute(_DISCREPANCIES)
        return [
            Discrepancy(sku=sku, on_hand=on_hand, moved=moved, reserved=reserved, held=held)
            for sku, on_hand, moved, reserved, held in cursor.fetchall()
        ]
