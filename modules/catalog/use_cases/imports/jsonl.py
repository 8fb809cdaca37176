"""JSON lines: one product per line.

    {"handle": "oak-stool", "title": "Oak stool", "description": "<p>Three legs.</p>", "vendor": "Tischler",
     "category": ["Home", "Furniture"], "tags": ["new"], "published": true, "attributes": {"material": "Oak"},
     "images": [{"url": "https://example.com/stool.jpg", "alt": "An oak stool"}],
     "variants": [{"sku": "STOOL-45", "options": {"Height": "45 cm"}, "price": "79.00", "prices": {"USD": "89.00"},
                   "quantity": 12, "tracked": true, "weightGrams": 4200, "requiresShipping": true, "barcode": ""}]}

Required are `handle`, `title`, `variants`, and a price of each variant: `price` in the import's currency, `prices` in others.
A variant without `sku` gets one from the handle and its options. Members that are not named here are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from infra.money import Money
from modules.catalog.use_cases.drafts import ImageDraft, Problem, ProductDraft, VariantDraft
from modules.catalog.use_cases.imports.reading import Parsed
from modules.catalog.use_cases.imports.shopify import derived_sku


class _Image(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    alt: str = ""


class _Variant(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    sku: str = ""
    options: dict[str, str] = {}
    price: Decimal | None = None
    prices: dict[str, Decimal] = {}
    quantity: int | None = None
    tracked: bool = True
    weight_grams: int = 0
    requires_shipping: bool = True
    barcode: str = ""


class _Product(msgspec.Struct, forbid_unknown_fields=True):
    handle: str
    title: str
    variants: list[_Variant]
    description: str = ""
    vendor: str = ""
    category: list[str] = []
    tags: list[str] = []
    published: bool = True
    attributes: dict[str, str | bool | int | float] = {}
    images: list[_Image] = []


_decode = msgspec.json.Decoder(_Product).decode


def products(lines: Iterable[str], *, currency: str, publish: bool = False) -> Iterator[Parsed]:
    """Yield the products of a file in their order; those that cannot be understood come with their problems."""
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        handle, variants = "", 1
        try:
            product = _decode(text)
            handle, variants = product.handle.strip(), len(product.variants)
            yield Parsed(number, handle, _draft(product, currency, publish, number), variants=variants)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            yield Parsed(number, handle, None, [Problem(number, _sentence(error))], variants=variants)


def _draft(product: _Product, currency: str, publish: bool, line: int) -> ProductDraft:
    handle = product.handle.strip()
    return ProductDraft(
        handle=handle,
        title=product.title,
        description=product.description,
        vendor=product.vendor,
        category=tuple(name.strip() for name in product.category),
        tags=tuple(dict.fromkeys(tag.strip() for tag in product.tags)),
        attributes=product.attributes,
        variants=tuple(_variant(variant, handle, currency, line) for variant in product.variants),
        images=tuple(
            ImageDraft(url=image.url, alternative_text=image.alt.strip() or product.title) for image in product.images
        ),
        is_published=publish or product.published,
        line=line,
    )


def _variant(variant: _Variant, handle: str, currency: str, line: int) -> VariantDraft:
    prices = {code: Money.parse(str(amount), code) for code, amount in variant.prices.items()}
    if variant.price is not None:
        prices[currency] = Money.parse(str(variant.price), currency)
    sku = variant.sku.strip()
    return VariantDraft(
        sku=sku or derived_sku(handle, list(variant.options.values())),
        is_sku_derived=not sku,
        options=tuple(variant.options.items()),
        prices=tuple(prices.values()),
        on_hand=variant.quantity,
        is_tracked=variant.tracked,
        weight_grams=variant.weight_grams,
        requires_shipping=variant.requires_shipping,
        barcode=variant.barcode,
        line=line,
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"The product is not written as expected: {error}."
    if isinstance(error, msgspec.DecodeError | RecursionError):
        return f"The line is not JSON: {error}."
    return str(error)
