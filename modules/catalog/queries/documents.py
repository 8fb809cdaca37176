"""How a product is shown: the shapes of the read model, which are the shapes of the API."""

from __future__ import annotations

import msgspec

from infra.money import Money

# Of a variant whose pieces are not counted (a download, a gift card) this many can always be had.
ALWAYS_AVAILABLE = 9999


class VariantDocument(msgspec.Struct, rename="camel"):
    """A variant as it is shown; `available` is filled in from the stock when it is read."""

    id: str
    sku: str
    name: str
    price: Money
    options: dict[str, str]
    available: int = 0


class ProductDocument(msgspec.Struct, rename="camel"):
    """A product as lists and its own page show it; `available` is filled in from the stock when it is read."""

    id: str
    slug: str
    name: str
    description: str
    category: str | None
    price: Money
    image: str | None
    image_alt: str
    vendor: str
    variants: list[VariantDocument]
    available: int = 0

    def with_stock(self, available: list[int]) -> ProductDocument:
        """Fill in the pieces, given in the order of the variants."""
        for variant, pieces in zip(self.variants, available, strict=True):
            variant.available = pieces
        self.available = sum(available)
        return self


class ImageDocument(msgspec.Struct, rename="camel"):
    url: str
    alternative_text: str


class CategoryDocument(msgspec.Struct, rename="camel"):
    slug: str
    name: str


class AttributeDocument(msgspec.Struct, rename="camel"):
    code: str
    name: str
    value: str | bool | int | float
    unit: str


class ProductDetails(msgspec.Struct, rename="camel"):
    """What only the product's own page shows."""

    description_html: str
    images: list[ImageDocument]
    breadcrumbs: list[CategoryDocument]
    attributes: list[AttributeDocument]
    tags: list[str]
    published_at: str
    version: int


read_document = msgspec.json.Decoder(ProductDocument).decode
read_details = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
