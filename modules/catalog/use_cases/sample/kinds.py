"""What the sample shop sells: kinds of things, each with its words, sizes, prices and shape, written in `kinds.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec


class Kind(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One kind of thing."""

    category: tuple[str, ...]
    nouns: tuple[str, ...]  # what it is called
    materials: tuple[str, ...]  # as a word before the noun
    colours: tuple[str, ...]  # of `colours.COLOURS`
    shape: str  # its picture in `shapes/`
    traits: tuple[str, ...]  # sentences, of which a description takes some
    euros: tuple[int, int]  # from, to
    grams: int
    sizes: dict[str, int] = {}  # with what they add to the price, in percent
    size_name: str = "Size"
    tags: tuple[str, ...] = ()
    height_cm: int | None = None  # of the smallest; None where nobody asks
    is_dishwasher_safe: bool | None = None
    count: int = 8  # of products


class Words(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """All that the sample is made of."""

    series: tuple[str, ...]
    vendors: tuple[str, ...]
    openings: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @property
    def size(self) -> int:
        """How many products there will be, the documented example included."""
        return 1 + sum(kind.count for kind in self.kinds)


@cache
def words() -> Words:
    return msgspec.toml.decode((Path(__file__).parent / "kinds.toml").read_bytes(), type=Words)


# The product that the documentation orders: two of SKU P-101 at 12.00 EUR each.
EXAMPLE_SKU = "P-101"
EXAMPLE_CENTS = 1200
EXAMPLE_PIECES = 100_000
EXAMPLE_TITLE = "Everyday Stoneware Mug"
