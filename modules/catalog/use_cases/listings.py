"""Writing the read model, in the transaction of the edit that makes it change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections
from django.utils.text import slugify

from infra.money import Money
from modules.catalog.queries.documents import (
    AttributeDocument,
    CategoryDocument,
    ImageDocument,
    ProductDetails,
    ProductDocument,
    VariantDocument,
)
from modules.catalog.queries.offers import option_text, read_options
from modules.catalog.queries.search import TEXT_SEARCH_CONFIGURATION
from modules.catalog.queries.words import compact, correctable, folded, words_of

# Taken shared by whoever writes listings, before any row is locked, and alone by whoever changes what many listings show.
_LISTINGS_LOCK = "hashtext('catalog.listings')"

_PRODUCTS = """
SELECT p.id, p.slug, p.title, p.description, p.description_html, p.vendor, p.tags, p.published_at, p.version, c.path
FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
WHERE p.id = ANY(%s) AND p.published_at IS NOT NULL AND p.withdrawn_at IS NULL
ORDER BY p.id FOR NO KEY UPDATE OF p
"""

_VARIANTS = """
SELECT v.product_id, v.id, v.sku, v.options::text, a.currency, a.amount
FROM catalog_variant v JOIN catalog_price a ON a.variant_id = v.id
WHERE v.product_id = ANY(%s) AND v.is_active ORDER BY v.product_id, v.position, v.id
"""

_IMAGES = "SELECT product_id, url, alternative_text FROM catalog_image WHERE product_id = ANY(%s) ORDER BY position, id"

_ATTRIBUTES = """
SELECT v.product_id, a.code, a.name, a.unit, a.is_filterable, v.text, v.number, v.flag
FROM catalog_attributevalue v JOIN catalog_attribute a ON a.id = v.attribute_id
WHERE v.product_id = ANY(%s) ORDER BY a.name, a.id
"""

_CATEGORIES = "SELECT id, slug, name FROM catalog_category WHERE id = ANY(%s)"

_WITHDRAW = (
    "DELETE FROM {table} WHERE product_id = ANY(%(products)s) AND (product_id, currency) NOT IN (SELECT * FROM kept)"
)

_KEPT = "WITH kept AS (SELECT * FROM unnest(%(kept)s::uuid[], %(currencies)s::text[]))"

_WRITE = f"""
WITH written AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        product_id uuid, currency text, published_at timestamptz, sort_name text, price bigint, category_path uuid[],
        facets text[], variant_ids uuid[], title text, terms text, text text, slug text, version bigint, document text,
        details text)
), documents AS (
    INSERT INTO catalog_listingdocument (product_id, currency, slug, version, variant_ids, document, details)
    SELECT product_id, currency, slug, version, variant_ids, document, details FROM written
    ON CONFLICT (product_id, currency) DO UPDATE SET
        slug = excluded.slug, version = excluded.version, variant_ids = excluded.variant_ids,
        document = excluded.document, details = excluded.details
)
INSERT INTO catalog_listing
    (product_id, currency, published_at, sort_name, price, category_path, facets, variant_ids, search)
SELECT product_id, currency, published_at, sort_name, price, category_path, facets, variant_ids,
       setweight(to_tsvector('{TEXT_SEARCH_CONFIGURATION}', title), 'A')
       || setweight(to_tsvector('{TEXT_SEARCH_CONFIGURATION}', terms), 'B')
       || setweight(to_tsvector('{TEXT_SEARCH_CONFIGURATION}', text), 'C')
FROM written
ON CONFLICT (product_id, currency) DO UPDATE SET
    published_at = excluded.published_at, sort_name = excluded.sort_name, price = excluded.price,
    category_path = excluded.category_path, facets = excluded.facets, variant_ids = excluded.variant_ids,
    search = excluded.search
"""  # noqa: S608


@dataclass(slots=True)
class _Shown:
    """A product on sale, with everything that listings show of it."""

    product_id: UUID
    slug: str
    title: str
    description: str
    description_html: str
    vendor: str
    tags: list[str]
    published_at: datetime
    version: int
    category_path: list[UUID] | None
    categories: list[CategoryDocument] = field(default_factory=list)
    images: list[ImageDocument] = field(default_factory=list)
    attributes: list[AttributeDocument] = field(default_factory=list)
    facets: set[str] = field(default_factory=set)
    variants: dict[str, list[VariantDocument]] = field(default_factory=lambda: defaultdict(list))  # by currency


def prepare_to_write_listings(*, alone: bool = False) -> None:
    """Take the lock of the read model; the first thing in every transaction that changes what is shown.

    Args:
        alone: for changes of what many products show (a category's name or place): nobody else writes meanwhile.
    """
    shared = "" if alone else "_shared"
    with connections["catalog"].cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}({_LISTINGS_LOCK})")


def refresh_listings(product_ids: Collection[UUID]) -> set[str]:
    """Write what lists, search and pages show of these products; return the words that others may be corrected to.

    The caller gives the words to `vocabulary.remember_words`, at the end of its transaction.
    """
    ids = list(product_ids)
    shown = _load(ids)
    rows = [
        _row(product, currency, variants)
        for product in shown
        for currency, variants in sorted(product.variants.items())
    ]
    kept = {
        "products": ids,
        "kept": [row["product_id"] for row in rows],
        "currencies": [row["currency"] for row in rows],
    }
    with connections["catalog"].cursor() as cursor:
        for table in ("catalog_listing", "catalog_listingdocument"):
            cursor.execute(f"{_KEPT} {_WITHDRAW.format(table=table)}", kept)
        if rows:
            cursor.execute(_WRITE, {"rows": msgspec.json.encode(rows).decode()})
    return {word for row in rows for text in ("title", "terms", "text") for word in correctable(row[text].split())}


def facet_code(name: str) -> str:
    """Return the code under which an option such as "Size" is filtered."""
    return slugify(name) or folded(name).replace(" ", "-")


def facet_value(text: str | None, number: Decimal | None, flag: bool | None) -> str:
    if flag is not None:
        return "yes" if flag else "no"
    return f"{number.normalize():f}" if number is not None else str(text)


def _load(ids: list[UUID]) -> list[_Shown]:
    with connections["catalog"].cursor() as cursor:
        cursor.execute(_PRODUCTS, [ids])
        shown = {row[0]: _Shown(*row) for row in cursor.fetchall()}
        found = list(shown)

        cursor.execute(_CATEGORIES, [list({id_ for product in shown.values() for id_ in product.category_path or ()})])
        categories = {row[0]: CategoryDocument(slug=row[1], name=row[2]) for row in cursor.fetchall()}
        for product in shown.values():
            product.categories = [categories[id_] for id_ in product.category_path or ()]

        cursor.execute(_VARIANTS, [found])
        for product_id, variant_id, sku, options_json, currency, amount in cursor.fetchall():
            options = read_options(options_json)
            product = shown[product_id]
            product.variants[currency].append(
                VariantDocument(
                    id=str(variant_id),
                    sku=sku,
                    name=option_text(options) or product.title,
                    price=Money(amount, currency),
                    options=dict(options),
                )
            )
            product.facets.update(f"{facet_code(name)}:{value}" for name, value in options)

        cursor.execute(_IMAGES, [found])
        for product_id, url, alternative_text in cursor.fetchall():
            shown[product_id].images.append(ImageDocument(url=url, alternative_text=alternative_text))

        cursor.execute(_ATTRIBUTES, [found])
        for product_id, code, name, unit, is_filterable, text, number, flag in cursor.fetchall():
            value = facet_value(text, number, flag)
            if is_filterable:
                shown[product_id].facets.add(f"{code}:{value}")
            plain = flag if flag is not None else value if number is None else _plain(number)
            shown[product_id].attributes.append(AttributeDocument(code=code, name=name, value=plain, unit=unit))
    for product in shown.values():
        product.facets.update(f"tag:{tag}" for tag in product.tags)
        if product.vendor:
            product.facets.add(f"brand:{product.vendor}")
    return list(shown.values())


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _row(product: _Shown, currency: str, variants: list[VariantDocument]) -> dict[str, Any]:
    cover = product.images[0] if product.images else None
    price = min((variant.price for variant in variants), key=lambda money: money.amount)
    document = ProductDocument(
        id=str(product.product_id),
        slug=product.slug,
        name=product.title,
        description=product.description,
        category=product.categories[-1].slug if product.categories else None,
        price=price,
        image=cover.url if cover else None,
        image_alt=cover.alternative_text if cover else "",
        vendor=product.vendor,
        variants=variants,
    )
    details = ProductDetails(
        description_html=product.description_html,
        images=product.images,
        breadcrumbs=product.categories,
        attributes=product.attributes,
        tags=product.tags,
        published_at=product.published_at.isoformat(),
        version=product.version,
    )
    terms = [
        *(compact(variant.sku) for variant in variants),
        *(word for variant in variants for word in words_of(" ".join([variant.sku, *variant.options.values()]))),
        *words_of(" ".join([product.vendor, *product.tags, *(category.name for category in product.categories)])),
        *words_of(" ".join(str(attribute.value) for attribute in product.attributes if attribute.value is not True)),
    ]
    return {
        "product_id": product.product_id,
        "currency": currency,
        "published_at": product.published_at,
        "sort_name": folded(product.title)[:255],
        "price": price.amount,
        "category_path": product.category_path or [],
        "facets": sorted(product.facets),
        "variant_ids": [variant.id for variant in variants],
        "title": " ".join(words_of(product.title)),
        "terms": " ".join(dict.fromkeys(terms)),
        "text": " ".join(words_of(product.description)),
        "slug": product.slug,
        "version": product.version,
        "document": msgspec.json.encode(document).decode(),
        "details": msgspec.json.encode(details).decode(),
    }
