"""Whether a draft can be stored at all, told by itself; what the database knows comes later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modules.catalog.use_cases.drafts import Problem, ProductDraft, VariantDraft

# What one column, or one 32-bit integer, holds.
MOST_PIECES = 1_000_000_000
MOST_MINOR_UNITS = 10**15
MOST_GRAMS = 100_000_000
LONGEST_DESCRIPTION = 200_000

_LOADABLE = re.compile(r"https?://[^\s\"'<>]+|/[^/\s\"'<>][^\s\"'<>]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def problems_of(draft: ProductDraft) -> list[Problem]:
    """Return everything that keeps a draft from being stored, as far as it shows in the draft."""
    return [*_of_product(draft), *_of_images(draft), *_of_variants(draft)]


def _of_product(draft: ProductDraft) -> Iterator[Problem]:
    limits = [
        ("handle", draft.handle, 255),
        ("title", draft.title, 255),
        ("vendor", draft.vendor, 200),
        ("description", draft.description, LONGEST_DESCRIPTION),
        *(("tag", tag, 100) for tag in draft.tags),
        *(("category", name, 200) for name in draft.category),
    ]
    for what, text, longest in limits:
        if detail := _unusable(what, text, longest, may_be_empty=what in {"vendor", "description"}):
            yield Problem(draft.line, detail)


def _of_images(draft: ProductDraft) -> Iterator[Problem]:
    for image in draft.images:
        if not _LOADABLE.fullmatch(image.url) or len(image.url) > 2000:
            yield Problem(draft.line, f"The image address {image.url[:100]!r} is none that a browser could load.")
        if detail := _unusable("alternative text", image.alternative_text, 500):
            yield Problem(draft.line, detail)


def _of_variants(draft: ProductDraft) -> Iterator[Problem]:
    if not draft.variants:
        yield Problem(draft.line, f"The product {draft.handle} has no variant, so there is nothing to sell.")
    lines: dict[object, int] = {}
    for variant in draft.variants:
        for key, what in ((variant.sku, f"The SKU {variant.sku}"), (variant.options, "A variant with these options")):
            if key in lines:
                yield Problem(
                    variant.line,
                    f"{what} stands in line {lines[key]} already." if variant.line else f"{what} is there twice.",
                )
            lines[key] = variant.line
        for detail in _of_variant(variant):
            yield Problem(variant.line, detail)


def _of_variant(variant: VariantDraft) -> Iterator[str]:
    if detail := _unusable("SKU", variant.sku, 100):
        yield detail
    for name, value in variant.options:
        if detail := _unusable("option name", name, 100) or _unusable("option value", value, 255):
            yield detail
    if _CONTROL.search(variant.barcode) or len(variant.barcode) > 50:
        yield "The barcode has more than 50 characters, or unprintable ones."
    if not variant.prices:
        yield f"The variant {variant.sku} has no price."
    for price in variant.prices:
        if not 0 <= price.amount <= MOST_MINOR_UNITS:
            yield f"The price {price.as_decimal()} {price.currency} is negative or too large."
    if variant.on_hand is not None and not 0 <= variant.on_hand <= MOST_PIECES:
        yield f"The quantity {variant.on_hand} is negative or too large."
    if not 0 <= variant.weight_grams <= MOST_GRAMS:
        yield f"The weight of {variant.weight_grams} grams is negative or too large."


def _unusable(what: str, text: str, longest: int, *, may_be_empty: bool = False) -> str | None:
    if not text.strip() and not may_be_empty:
        return f"The {what} is empty."
    if len(text) > longest:
        return f"The {what} has {len(text)} characters; {longest} are allowed."
    if _CONTROL.search(text):
        return f"The {what} has unprintable characters."
    return None
