"""Counting what sells."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connections

# In the order of ids, so that two orders with the same products wait for each other in a line.
_COUNT = """
WITH counted AS (
    SELECT p.product_id, s.pieces
    FROM catalog_popularity p JOIN unnest(%s::uuid[], %s::bigint[]) AS s (product_id, pieces) USING (product_id)
    ORDER BY p.product_id FOR NO KEY UPDATE OF p
)
UPDATE catalog_popularity p SET pieces_sold = p.pieces_sold + c.pieces FROM counted c WHERE p.product_id = c.product_id
"""


def count_pieces_sold(pieces: Mapping[UUID, int]) -> None:
    """Add pieces to the products' counts; products that no longer exist are passed over."""
    with connections["catalog"].cursor() as cursor:
        cursor.execute(_COUNT, [list(pieces), list(pieces.values())])
