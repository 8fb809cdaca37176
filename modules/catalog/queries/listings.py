"""Lists of products, and one product: each a single statement over the read model and the live stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from infra.databases.prepared import prepared_cursor
from modules.catalog.queries.documents import ALWAYS_AVAILABLE, ProductDocument, read_details, read_document
from modules.catalog.queries.search import TEXT_SEARCH_CONFIGURATION


class Sort(StrEnum):
    """The orders that lists come in."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    CHEAPEST = "price"
    DEAREST = "-price"
    NAME = "name"
    POPULAR = "popular"


# The columns of each order as pagination names them; every list ends in the product's id, which makes rows distinct.
ORDERS: dict[Sort, tuple[str, str]] = {
    Sort.RELEVANCE: ("-score", "-product_id"),
    Sort.NEWEST: ("-published_at", "-product_id"),
    Sort.CHEAPEST: ("price", "product_id"),
    Sort.DEAREST: ("-price", "-product_id"),
    Sort.NAME: ("sort_name", "product_id"),
    Sort.POPULAR: ("-pieces_sold", "-product_id"),
}

# A title counts most, then SKU, options, category and brand, then the description. Whole millionths, so that a cursor
# repeats the number exactly.
SCORE = "(ts_rank('{0, 0.1, 0.4, 1}', l.search, s.expression, 1) * 1000000)::int"

# SQL of the columns that are not columns of the listing itself.
EXPRESSIONS = {
    "score": SCORE,
    "pieces_sold": "p.pieces_sold",
    "published_at": "l.published_at",
    "price": "l.price",
    "sort_name": "l.sort_name",
    "product_id": "l.product_id",
}

IN_STOCK = """EXISTS (SELECT FROM catalog_stock k WHERE k.variant_id = ANY(l.variant_ids)
    AND (k.on_hand > k.reserved OR NOT k.is_tracked))"""

# A lookup per variant: joined, the planner may read the whole stock for each product.
AVAILABLE = f"""ARRAY(
    SELECT (SELECT CASE WHEN k.is_tracked THEN k.on_hand - k.reserved ELSE {ALWAYS_AVAILABLE} END
            FROM catalog_stock k WHERE k.variant_id = v.id)
    FROM unnest({{variant_ids}}) WITH ORDINALITY AS v (id, place) ORDER BY v.place)"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which products a list holds.

    Args:
        search: an expression for `to_tsquery`, as `search.understood` returns it.
        category: a slug; the categories below it count in.
        facets: values wanted by code, such as {"colour": ["Red", "Blue"]}: any of them, for every code.
        lowest, highest: bounds of the cheapest variant's price, in minor units, included.
    """

    currency: str
    search: str | None = None
    category: str | None = None
    facets: dict[str, list[str]] = field(default_factory=dict)
    lowest: int | None = None
    highest: int | None = None
    in_stock: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A product of a list, and its place in the list's order."""

    position: tuple[Any, ...]
    document: ProductDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProduct:
    """The product that a reference led to."""

    product_id: UUID
    slug: str
    version: int
    document: ProductDocument
    details: dict[str, msgspec.Raw]

    def is_former_slug(self, reference: str) -> bool:
        """Whether the reference is an address that the product had once, rather than one of its present names."""
        names = {str(self.product_id), self.slug}
        names.update(name for variant in self.document.variants for name in (variant.id, variant.sku))
        return reference not in names and reference.lower() not in names

    @property
    def as_json(self) -> dict[str, Any]:
        """The product's own page as plain values, ready to encode."""
        shown: dict[str, Any] = msgspec.to_builtins(self.document)
        return shown | self.details


def conditions_of(filters: Filters) -> dict[str, tuple[str, list[Any]]]:
    """Return each filter's SQL over the listing `l` and its parameters, by the facet that it belongs to."""
    conditions: dict[str, tuple[str, list[Any]]] = {}
    if filters.category is not None:
        conditions["category"] = (
            "l.category_path @> ARRAY[(SELECT c.id FROM catalog_category c WHERE c.slug = %s)]",
            [filters.category],
        )
    for code, values in filters.facets.items():
        conditions[f"attribute {code}"] = ("l.facets && %s::text[]", [[f"{code}:{value}" for value in values]])
    bounds = [(">=", filters.lowest), ("<=", filters.highest)]
    if given := [(operator, bound) for operator, bound in bounds if bound is not None]:
        conditions["price"] = (
            " AND ".join(f"l.price {operator} %s" for operator, _ in given),
            [bound for _, bound in given],
        )
    if filters.in_stock is not None:
        conditions["availability"] = (IN_STOCK if filters.in_stock else f"NOT {IN_STOCK}", [])
    return conditions


def source_of(filters: Filters, *, with_sales: bool = False) -> tuple[str, list[Any]]:
    """Return the FROM and WHERE of everything in a currency that a search finds, and its parameters."""
    sql, parameters = "FROM catalog_listing l", []
    if with_sales:
        sql += " JOIN catalog_popularity p ON p.product_id = l.product_id"
    if filters.search is not None:
        sql += f" CROSS JOIN to_tsquery('{TEXT_SEARCH_CONFIGURATION}', %s) AS s (expression)"
        parameters.append(filters.search)
    sql += " WHERE l.currency = %s"
    parameters.append(filters.currency)
    if filters.search is not None:
        sql += " AND l.search @@ s.expression"
    return sql, parameters


def listed_products(
    filters: Filters, *, sort: Sort, limit: int, later: tuple[str, list[Any]] = ("TRUE", [])
) -> list[ListedProduct]:
    """Return the first `limit` products of a list.

    Args:
        later: SQL condition and parameters for the rows after a cursor, over `EXPRESSIONS`.
    """
    keys = [EXPRESSIONS[column.removeprefix("-")] for column in ORDERS[sort]]
    direction = "DESC" if ORDERS[sort][0].startswith("-") else "ASC"
    source, parameters = source_of(filters, with_sales=sort is Sort.POPULAR)
    for condition, values in (*conditions_of(filters).values(), later):
        source += f" AND {condition}"
        parameters += values
    # The limit is part of the text, because the plan of a prepared statement depends on it.
    # An instant is only for the cursor: as text it need not be read as a date for each row.
    key = "page.key::text" if sort is Sort.NEWEST else "page.key"
    statement = f"""
        SELECT {key}, page.product_id, d.document, {AVAILABLE.format(variant_ids="page.variant_ids")}
        FROM (SELECT {keys[0]} AS key, l.product_id, l.currency, l.variant_ids {source}
              ORDER BY {keys[0]} {direction}, l.product_id {direction} LIMIT {limit:d}) AS page
        JOIN catalog_listingdocument d ON d.product_id = page.product_id AND d.currency = page.currency
        ORDER BY page.key {direction}, page.product_id {direction}
    """  # noqa: S608  # fixed expressions only; every value is a parameter
    with prepared_cursor("catalog") as cursor:
        cursor.execute(statement, parameters)
        return [
            ListedProduct((key, product_id), read_document(document).with_stock(available))
            for key, product_id, document, available in cursor.fetchall()
        ]


_SHOWN = f"""
SELECT d.product_id, d.slug, d.version, d.document, d.details, {AVAILABLE.format(variant_ids="d.variant_ids")}
FROM catalog_listingdocument d WHERE d.currency = %(currency)s AND
"""  # noqa: S608

_BY_ANOTHER_NAME = f"""
{_SHOWN} d.product_id = coalesce(
    (SELECT id FROM catalog_product WHERE id = %(id)s),
    (SELECT product_id FROM catalog_variant WHERE sku = %(text)s),
    (SELECT product_id FROM catalog_variant WHERE id = %(id)s),
    (SELECT product_id FROM catalog_formerslug WHERE slug = %(text)s))
"""  # noqa: S608


def product_on_sale(reference: str, *, currency: str) -> FoundProduct | None:
    """Return the product on sale that has this slug, id or former slug, or a variant with this SKU or id.

    Costs one statement for a slug, two for the others.
    """
    parameters = {"currency": currency, "text": reference, "id": as_uuid(reference)}
    with prepared_cursor("catalog") as cursor:
        cursor.execute(f"{_SHOWN} d.slug = %(text)s", parameters)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_BY_ANOTHER_NAME, parameters)
            row = cursor.fetchone()
    if row is None:
        return None
    product_id, slug, version, document, details, available = row
    return FoundProduct(
        product_id=product_id,
        slug=slug,
        version=version,
        document=read_document(document).with_stock(available),
        details=read_details(details),
    )


def as_uuid(text: str) -> UUID | None:
    """Return the UUID that a text is, in the usual form of 36 characters."""
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
