"""Editing a product; every edit writes what is shown of it in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from infra.errors import Invalid, NotFound, Refused
from infra.events.outbox import publish
from infra.money import Money
from modules.catalog.events import ProductPublished, ProductWithdrawn
from modules.catalog.models import FormerSlug, Popularity, Price, Product, Stock, Variant
from modules.catalog.queries.stock import VariantUnknown
from modules.catalog.use_cases.html import plain_text, safe_html
from modules.catalog.use_cases.listings import prepare_to_write_listings, refresh_listings
from modules.catalog.use_cases.vocabulary import remember_words

Allow = Callable[[Product], None]


def _anyone(product: Product) -> None: ...


class ProductUnknown(NotFound):
    """There is no such product."""

    code = "catalog.product_unknown"


class SlugTaken(Refused):
    """Another product has this slug."""

    code = "catalog.slug_taken"


class NothingToSell(Refused):
    """A product can be published once a variant of it has a price."""

    code = "catalog.nothing_to_sell"


@contextmanager
def editing(product_id: UUID, *, allow: Allow = _anyone) -> Iterator[Product]:
    """Lock a product, save it at the end of the block with its next version, and write its listings.

    Args:
        allow: called with the locked product; what it raises stops the edit.

    Raises:
        ProductUnknown: there is none of that id.
    """
    with transaction.atomic(using="catalog"):
        prepare_to_write_listings()
        product = Product.objects.select_for_update(no_key=True).filter(id=product_id).first()
        if product is None:
            raise ProductUnknown
        allow(product)
        yield product
        product.version += 1
        product.save()
        remember_words(refresh_listings([product_id]))


def edit_product(
    product_id: UUID,
    *,
    at: datetime,
    title: str | None = None,
    description: str | None = None,
    slug: str | None = None,
    is_on_sale: bool | None = None,
    allow: Allow = _anyone,
) -> Product:
    """Change what is given and leave the rest.

    Args:
        description: HTML, cleaned before it is stored, or plain text.
        slug: the former one leads to it from now on.
        is_on_sale: published or withdrawn, which is announced.

    Raises:
        ProductUnknown, SlugTaken, NothingToSell: nothing changes.
        Invalid: an empty title, or a slug of other characters than letters, digits and hyphens.
    """
    with editing(product_id, allow=allow) as product:
        if title is not None:
            product.title = title.strip()
            if not product.title:
                raise Invalid("A product needs a title.")
        if description is not None:
            product.description_html = safe_html(description)
            product.description = plain_text(description)
        if slug is not None and slug != product.slug:
            _move_to(product, slug)
        if is_on_sale is True:
            _publish(product, at)
        elif is_on_sale is False:
            _withdraw(product, at)
    return product


def publish_product(product_id: UUID, *, at: datetime) -> Product:
    """Put a product on sale and announce it; one on sale already stays so.

    Raises:
        ProductUnknown, NothingToSell: nothing changes.
    """
    return edit_product(product_id, is_on_sale=True, at=at)


def withdraw_product(product_id: UUID, *, at: datetime) -> Product:
    """Take a product off sale and announce it; one that is not on sale stays so.

    Raises:
        ProductUnknown: nothing changes.
    """
    return edit_product(product_id, is_on_sale=False, at=at)


def set_price(*, sku: str, price: Money, allow: Allow = _anyone) -> None:
    """Set what a variant costs in the price's currency.

    Raises:
        VariantUnknown: nothing changes.
        Invalid: the price is negative.
    """
    variant = Variant.objects.filter(sku=sku).first()
    if variant is None:
        raise VariantUnknown(f"No variant has the SKU {sku}.")
    if price.amount < 0:
        raise Invalid("A price is not negative.")
    with editing(variant.product_id, allow=allow):
        Price.objects.update_or_create(variant=variant, currency=price.currency, defaults={"amount": price.amount})


def accept_edit(product_id: UUID) -> None:
    """Finish an edit that forms have made row by row, in the transaction in which they did.

    New rows get what belongs to them, the edit is counted, and what is shown of the product is written.
    """
    with editing(product_id):
        Popularity.objects.get_or_create(product_id=product_id)
        without = Variant.objects.filter(product_id=product_id, stock__isnull=True)
        Stock.objects.bulk_create([Stock(variant=variant) for variant in without])


def leave_slug(product: Product, former: str) -> None:
    """Let a former slug lead to the product, and its present one to nothing else."""
    FormerSlug.objects.filter(slug=product.slug).delete()
    FormerSlug.objects.update_or_create(slug=former, defaults={"product": product})


def _publish(product: Product, at: datetime) -> None:
    if product.is_on_sale:
        return
    if not Price.objects.filter(variant__product=product, variant__is_active=True).exists():
        raise NothingToSell
    product.published_at, product.withdrawn_at = at, None
    publish(ProductPublished(product_id=product.id, slug=product.slug, title=product.title))


def _withdraw(product: Product, at: datetime) -> None:
    if product.is_on_sale:
        product.withdrawn_at = at
        publish(ProductWithdrawn(product_id=product.id))


def _move_to(product: Product, slug: str) -> None:
    if slug != slugify(slug) or not slug:
        raise Invalid("A slug has lower-case letters, digits and hyphens only.")
    if Product.objects.filter(slug=slug).exists():
        raise SlugTaken(f"Another product has the slug {slug}.")
    former, product.slug = product.slug, slug
    leave_slug(product, former)
