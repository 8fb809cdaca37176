"""Products as they come from outside (imports, the sample catalogue, tests), before anything of them is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infra.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    """A variant as it should be.

    Args:
        options: names and values, in order; empty for the only variant of a product.
        is_sku_derived: it was made up, so a known variant with these options keeps the SKU that it has.
        on_hand: what was counted; None leaves the stock as it is.
        line: where it stands in its file, 0 outside of files.
    """

    sku: str
    prices: tuple[Money, ...]
    options: tuple[tuple[str, str], ...] = ()
    on_hand: int | None = None
    is_tracked: bool = True
    weight_grams: int = 0
    requires_shipping: bool = True
    barcode: str = ""
    is_sku_derived: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDraft:
    url: str
    alternative_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product as it should be; `handle` says which one it is.

    Args:
        description: HTML or plain text.
        category: names from the root of the tree downwards; those that do not exist are made. Empty: none.
        attributes: values by code; the attributes must be defined. Those of the product that are not named stay.
        is_published: None leaves it as it is, and a new product unpublished.
    """

    handle: str
    title: str
    description: str = ""
    vendor: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variants: tuple[VariantDraft, ...] = ()
    images: tuple[ImageDraft, ...] = ()
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    is_published: bool | None = True
    slug: str = ""  # made from the handle when empty
    line: int = 0


class Result(StrEnum):
    """What became of a product or a variant."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a product cannot be stored, and the line at fault."""

    line: int
    detail: str


@dataclass(slots=True)
class Outcome:
    """What became of a draft."""

    draft: ProductDraft
    product: Result
    variants: list[Result]
    problems: list[Problem]
