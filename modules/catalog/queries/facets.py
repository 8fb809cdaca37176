"""How many products each further choice would leave: counts that respect every filter but the one they belong to.

Someone who has picked "red" still sees how many blue ones there are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from babel.numbers import get_currency_precision
from django.db import connections

from infra.money import Money
from modules.catalog.queries.listings import IN_STOCK, Filters, conditions_of, source_of

# Upper bounds of price ranges, in whole units of the currency; the last range is open.
PRICE_BOUNDS = (10, 25, 50, 100, 250, 500, 1000)
MOST_VALUES = 50  # of one attribute, the commonest


class CategoryCount(msgspec.Struct, rename="camel"):
    slug: str
    name: str
    count: int


class PriceCount(msgspec.Struct, rename="camel"):
    """Products from `least` up to, not including, `below`; None: no bound."""

    least: Money
    below: Money | None
    count: int


class ValueCount(msgspec.Struct, rename="camel"):
    value: str
    count: int


class AttributeCount(msgspec.Struct, rename="camel"):
    code: str
    name: str
    values: list[ValueCount]


class AvailabilityCount(msgspec.Struct, rename="camel"):
    in_stock: int
    sold_out: int


class Facets(msgspec.Struct, rename="camel"):
    categories: list[CategoryCount]
    prices: list[PriceCount]
    attributes: list[AttributeCount]
    availability: AvailabilityCount


def facets_of(filters: Filters) -> Facets:
    """Return the counts of every facet, in one statement.

    `failed` names the filters that a product does not pass. It counts for a facet when it fails none, or only that one.
    """
    source, parameters = source_of(filters)
    conditions = conditions_of(filters)
    failed = ", ".join(f"CASE WHEN {condition} THEN NULL ELSE %s END" for condition, _ in conditions.values())
    tests: list[Any] = []
    for name, (_, values) in conditions.items():
        tests += [*values, name]
    bounds = [bound * 10 ** get_currency_precision(filters.currency) for bound in PRICE_BOUNDS]
    statement = f"""
        WITH matched AS MATERIALIZED (
            SELECT l.category_path, l.price, l.facets, {IN_STOCK} AS in_stock,
                   array_remove(ARRAY[{failed}]::text[], NULL) AS failed
            {source}
        ), near AS (
            SELECT category_path, price, facets, in_stock, failed[1] AS failed FROM matched WHERE cardinality(failed) <= 1
        ), categories AS (
            SELECT p.id, count(*) AS products FROM near n CROSS JOIN unnest(n.category_path) AS p (id)
            WHERE n.failed IS NULL OR n.failed = 'category' GROUP BY 1
        ), attributes AS (
            SELECT f.facet, count(*) AS products FROM near n CROSS JOIN unnest(n.facets) AS f (facet)
            WHERE n.failed IS NULL OR n.failed = 'attribute ' || split_part(f.facet, ':', 1) GROUP BY 1
        )
        SELECT 'category', c.slug, c.name, n.products FROM categories n JOIN catalog_category c USING (id)
        UNION ALL
        SELECT 'price', width_bucket(n.price, %s::bigint[])::text, '', count(*)
            FROM near n WHERE n.failed IS NULL OR n.failed = 'price' GROUP BY 2
        UNION ALL
        SELECT 'availability', n.in_stock::text, '', count(*)
            FROM near n WHERE n.failed IS NULL OR n.failed = 'availability' GROUP BY 2
        UNION ALL
        SELECT 'attribute', n.facet, coalesce(a.name, ''), n.products
            FROM attributes n LEFT JOIN catalog_attribute a ON a.code = split_part(n.facet, ':', 1)
    """  # noqa: S608  # fixed expressions only; every value is a parameter
    counted: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    with connections["catalog"].cursor() as cursor:
        cursor.execute(statement, [*tests, *parameters, bounds])
        for facet, key, name, count in cursor.fetchall():
            counted[facet].append((key, name, count))
    available = {key: count for key, _, count in counted["availability"]}
    return Facets(
        categories=[
            CategoryCount(slug=slug, name=name, count=count)
            for slug, name, count in sorted(counted["category"], key=lambda row: (-row[2], row[1], row[0]))
        ],
        prices=_prices({int(key): count for key, _, count in counted["price"]}, bounds, filters.currency),
        attributes=_attributes(counted["attribute"]),
        availability=AvailabilityCount(in_stock=available.get("true", 0), sold_out=available.get("false", 0)),
    )


def _prices(counts: dict[int, int], bounds: list[int], currency: str) -> list[PriceCount]:
    return [
        PriceCount(
            least=Money(bounds[bucket - 1] if bucket else 0, currency),
            below=Money(bounds[bucket], currency) if bucket < len(bounds) else None,
            count=count,
        )
        for bucket, count in sorted(counts.items())
    ]


def _attributes(rows: list[tuple[str, str, int]]) -> list[AttributeCount]:
    names: dict[str, str] = {}
    values: dict[str, list[ValueCount]] = defaultdict(list)
    for facet, name, count in rows:
        code, _, value = facet.partition(":")
        names[code] = name or code.replace("-", " ").capitalize()
        values[code].append(ValueCount(value=value, count=count))
    return [
        AttributeCount(
            code=code,
            name=names[code],
            values=sorted(values[code], key=lambda found: (-found.count, found.value))[:MOST_VALUES],
        )
        for code in sorted(values)
    ]
