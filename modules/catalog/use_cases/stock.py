"""Changing what is on hand, always with a movement that says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connections, transaction

from infra.errors import Refused
from modules.catalog.models import Movement
from modules.catalog.queries.stock import StockLevel, stock_level

Reason = Movement.Reason


class PiecesReserved(Refused):
    """Pieces are set aside for orders; the stock cannot fall below them.

    Members: `onHand`, `reserved`.
    """

    code = "catalog.pieces_reserved"


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted of a variant."""

    variant_id: UUID
    on_hand: int


# Sorted locks, as reservations take them. A count below what is reserved is left out, and so found by the caller.
_COUNT = """
WITH counted AS (
    SELECT k.variant_id, c.on_hand, c.on_hand - k.on_hand AS difference
    FROM catalog_stock k JOIN unnest(%(variants)s::uuid[], %(on_hand)s::int[]) AS c (variant_id, on_hand) USING (variant_id)
    ORDER BY k.variant_id FOR NO KEY UPDATE OF k
), updated AS (
    UPDATE catalog_stock k SET on_hand = c.on_hand FROM counted c
    WHERE k.variant_id = c.variant_id AND c.difference <> 0 AND c.on_hand >= k.reserved
    RETURNING k.variant_id, c.difference
), moved AS (
    INSERT INTO catalog_movement (id, variant_id, quantity, reason, reference)
    SELECT catalog_uuid7(), variant_id, difference, 'counted', %(reference)s FROM updated
)
SELECT variant_id FROM counted WHERE difference <> 0 EXCEPT SELECT variant_id FROM updated
"""


def adjust_stock(
    *,
    sku: str,
    difference: int,
    reason: Reason,
    reference: str = "",
    allow: Callable[[StockLevel], None] = lambda level: None,
) -> StockLevel:
    """Add pieces to what is on hand, or take them off, and write down why.

    Args:
        reference: the delivery note, the person: for whoever reads the movements later.
        allow: called with the level before the change, under its lock; what it raises stops the change.

    Raises:
        VariantUnknown: nothing changes.
        PiecesReserved: fewer would be on hand than are set aside; nothing changes.
    """
    with transaction.atomic(using="catalog"), connections["catalog"].cursor() as cursor:
        level = stock_level(sku, lock=True)
        allow(level)
        if level.on_hand + difference < level.reserved:
            raise PiecesReserved(
                f"{level.on_hand} are on hand and {level.reserved} of them reserved; {-difference} cannot be taken off.",
                onHand=level.on_hand,
                reserved=level.reserved,
            )
        if difference:
            cursor.execute(
                "UPDATE catalog_stock SET on_hand = on_hand + %s WHERE variant_id = %s", [difference, level.variant_id]
            )
            cursor.execute(
                "INSERT INTO catalog_movement (id, variant_id, quantity, reason, reference)"
                " VALUES (catalog_uuid7(), %s, %s, %s, %s)",
                [level.variant_id, difference, reason.value, reference],
            )
        return replace(level, on_hand=level.on_hand + difference)


def count_stock(counts: Sequence[Count], *, reference: str = "") -> set[UUID]:
    """Set what is on hand to what was counted; return the variants that were refused, having more reserved than that.

    Must run inside a transaction of the catalog, late in it: orders of these variants wait until it ends.
    """
    with connections["catalog"].cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "variants": [count.variant_id for count in counts],
                "on_hand": [count.on_hand for count in counts],
                "reference": reference,
            },
        )
        return {variant_id for (variant_id,) in cursor.fetchall()}


def track_stock(*, variant_id: UUID, is_tracked: bool) -> None:
    """Count a variant's pieces from now on, or no longer; holds stay as they are."""
    with connections["catalog"].cursor() as cursor:
        cursor.execute("UPDATE catalog_stock SET is_tracked = %s WHERE variant_id = %s", [is_tracked, variant_id])
