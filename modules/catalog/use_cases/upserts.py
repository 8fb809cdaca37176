"""Storing products as drafts say they should be: new ones are made, known ones changed, equal ones left alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from infra.errors import Invalid
from infra.events.outbox import publish
from modules.catalog.events import ProductPublished, ProductWithdrawn
from modules.catalog.models import (
    Attribute,
    AttributeValue,
    FormerSlug,
    Image,
    Movement,
    Popularity,
    Price,
    Product,
    Stock,
    Variant,
)
from modules.catalog.use_cases.attributes import TypedValue, ValueDoesNotFit, typed
from modules.catalog.use_cases.categories import CategoryTree
from modules.catalog.use_cases.checks import problems_of
from modules.catalog.use_cases.drafts import ImageDraft, Outcome, Problem, ProductDraft, Result, VariantDraft
from modules.catalog.use_cases.html import plain_text, safe_html
from modules.catalog.use_cases.listings import prepare_to_write_listings, refresh_listings
from modules.catalog.use_cases.stock import Count, count_stock
from modules.catalog.use_cases.vocabulary import remember_words

ProductFields = (
    "title",
    "description",
    "description_html",
    "vendor",
    "category",
    "tags",
    "published_at",
    "withdrawn_at",
)
VariantFields = ("sku", "position", "options", "barcode", "weight_grams", "requires_shipping", "is_active")


class UnusableProduct(Invalid):
    """The product cannot be stored as it is."""

    code = "catalog.unusable_product"


def save_products(drafts: Sequence[ProductDraft], *, at: datetime, reference: str = "") -> list[Product]:
    """Store a few products, all or none, and return them in the same order.

    Raises:
        UnusableProduct: names the first problem; nothing is stored.
    """
    with transaction.atomic(using="catalog"):
        writer = ProductWriter(at=at, reference=reference)
        outcomes = writer.store(drafts)
        problems = [problem for outcome in outcomes for problem in outcome.problems] + writer.finish()
        if problems:
            raise UnusableProduct(problems[0].detail)
        stored = {product.handle: product for product in Product.objects.filter(handle__in=[d.handle for d in drafts])}
    return [stored[draft.handle] for draft in drafts]


@dataclass(slots=True)
class _Known:
    """What the database holds of the products of a batch."""

    products: dict[str, Product]
    variants: dict[UUID, list[Variant]] = field(default_factory=lambda: defaultdict(list))  # by product
    owners: dict[str, str] = field(default_factory=dict)  # SKU -> handle
    prices: dict[UUID, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    stock: dict[UUID, Stock] = field(default_factory=dict)
    images: dict[UUID, list[ImageDraft]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[UUID, dict[UUID, TypedValue]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(slots=True)
class _Changes:
    """What is to be written of a batch, table by table."""

    new_products: list[Product] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    new_variants: list[Variant] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    new_stock: list[Stock] = field(default_factory=list)
    stock: list[Stock] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    stale_images: list[UUID] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    attributes: list[AttributeValue] = field(default_factory=list)
    events: list[ProductPublished | ProductWithdrawn] = field(default_factory=list)


class ProductWriter:
    """Stores drafts batch by batch within one transaction of the catalog, opened by the caller.

    What other transactions wait for (counts of stock, new words) is written by `finish`, at the very end.

    Args:
        reference: stands in the movements of stock.
        keep_stock: leave the stock of known variants as it is, whatever the drafts say.
    """

    def __init__(self, *, at: datetime, reference: str = "", keep_stock: bool = False) -> None:
        self._at = at
        self._reference = reference
        self._keep_stock = keep_stock
        self._tree = CategoryTree()
        self._words: set[str] = set()
        self._counts: list[Count] = []
        self._count_lines: dict[UUID, tuple[int, str]] = {}
        self._attributes = {attribute.code: attribute for attribute in Attribute.objects.all()}
        prepare_to_write_listings()

    def store(self, drafts: Sequence[ProductDraft]) -> list[Outcome]:
        """Store a batch. A draft with problems is left out whole; the others go in."""
        outcomes = [Outcome(draft, Result.FAILED, [], problems_of(draft)) for draft in drafts]
        known = _load(outcome.draft for outcome in outcomes if not outcome.problems)
        changes = _Changes()
        claimed: dict[str, str] = {}
        for outcome in outcomes:
            if not outcome.problems:
                outcome.problems = list(self._conflicts(outcome.draft, known, claimed))
            if not outcome.problems:
                self._compare(outcome, known, changes)
        self._write(changes)
        touched = [
            known.products[outcome.draft.handle].id
            for outcome in outcomes
            if outcome.product in (Result.CREATED, Result.UPDATED)
        ]
        if touched:
            self._words |= refresh_listings(touched)
        return outcomes

    def finish(self) -> list[Problem]:
        """Write what was put off; return a problem for each count that orders made impossible meanwhile."""
        remember_words(self._words)
        refused = count_stock(self._counts, reference=self._reference) if self._counts else set()
        return [_reserved(*self._count_lines[variant_id]) for variant_id in refused]

    def _conflicts(self, draft: ProductDraft, known: _Known, claimed: dict[str, str]) -> Iterable[Problem]:
        for variant in draft.variants:
            owner = claimed.setdefault(variant.sku, draft.handle)
            owner = known.owners.get(variant.sku, owner) if owner == draft.handle else owner
            if owner != draft.handle:
                yield Problem(variant.line, f"The SKU {variant.sku} belongs to the product {owner}.")
        for code, value in draft.attributes.items():
            if code not in self._attributes:
                yield Problem(draft.line, f"There is no attribute {code}; define it first.")
                continue
            try:
                typed(self._attributes[code], value)
            except ValueDoesNotFit as error:
                yield Problem(draft.line, error.detail)
        product = known.products.get(draft.handle)
        if product is None or self._keep_stock:
            return
        for variant, found in zip(draft.variants, _matched(draft, known.variants[product.id]), strict=True):
            if found and variant.on_hand is not None and variant.on_hand < known.stock[found.id].reserved:
                yield _reserved(variant.line, variant.sku)

    def _compare(self, outcome: Outcome, known: _Known, changes: _Changes) -> None:
        draft = outcome.draft
        product = known.products.get(draft.handle)
        is_new = product is None
        if product is None:
            product = known.products[draft.handle] = Product(handle=draft.handle, slug=draft.slug)
        before = {name: getattr(product, name) for name in ProductFields if name != "category"}
        category_before = product.category_id
        self._fill(product, draft, changes)
        changed = product.category_id != category_before or any(getattr(product, n) != v for n, v in before.items())
        changed |= self._compare_images(product, draft, known, changes)
        changed |= self._compare_attributes(product, draft, known, changes)
        outcome.variants, dropped = self._compare_variants(product, draft, known, changes)
        changed |= dropped or any(result is not Result.UNCHANGED for result in outcome.variants)
        if is_new:
            outcome.product = Result.CREATED
            changes.new_products.append(product)
        elif changed:
            outcome.product = Result.UPDATED
            product.version += 1
            changes.products.append(product)
        else:
            outcome.product = Result.UNCHANGED

    def _fill(self, product: Product, draft: ProductDraft, changes: _Changes) -> None:
        product.title = draft.title.strip()
        product.description_html = safe_html(draft.description)
        product.description = plain_text(draft.description)
        product.vendor = draft.vendor.strip()
        category = self._tree.at(draft.category)
        if product.category_id != (category.id if category else None):
            product.category = category
        product.tags = list(dict.fromkeys(draft.tags))
        if draft.is_published is True and not product.is_on_sale:
            product.published_at, product.withdrawn_at = self._at, None
            changes.events.append(ProductPublished(product_id=product.id, slug="", title=product.title))
        elif draft.is_published is False and product.is_on_sale:
            product.withdrawn_at = self._at
            changes.events.append(ProductWithdrawn(product_id=product.id))

    def _compare_images(self, product: Product, draft: ProductDraft, known: _Known, changes: _Changes) -> bool:
        wanted = list({image.url: image for image in draft.images}.values())
        if not wanted or wanted == known.images[product.id]:
            return False
        changes.stale_images.append(product.id)
        changes.images += [
            Image(
                product_id=product.id, url=image.url, alternative_text=image.alternative_text.strip(), position=position
            )
            for position, image in enumerate(wanted)
        ]
        return True

    def _compare_attributes(self, product: Product, draft: ProductDraft, known: _Known, changes: _Changes) -> bool:
        wanted = {code: typed(self._attributes[code], value) for code, value in draft.attributes.items()}
        stale = [
            AttributeValue(
                product_id=product.id,
                attribute_id=self._attributes[code].id,
                text=value.text,
                number=value.number,
                flag=value.flag,
            )
            for code, value in wanted.items()
            if known.attributes[product.id].get(self._attributes[code].id) != value
        ]
        changes.attributes += stale
        return bool(stale)

    def _compare_variants(
        self, product: Product, draft: ProductDraft, known: _Known, changes: _Changes
    ) -> tuple[list[Result], bool]:
        present = known.variants[product.id]
        matched = _matched(draft, present)
        results = [
            self._compare_variant(product, position, wanted, found, known, changes)
            for position, (wanted, found) in enumerate(zip(draft.variants, matched, strict=True))
        ]
        named = {found.id for found in matched if found}
        dropped = [variant for variant in present if variant.id not in named and variant.is_active]
        for variant in dropped:
            variant.is_active = False
        changes.variants += dropped
        return results, bool(dropped)

    def _compare_variant(
        self,
        product: Product,
        position: int,
        wanted: VariantDraft,
        found: Variant | None,
        known: _Known,
        changes: _Changes,
    ) -> Result:
        variant = found or Variant(product_id=product.id)
        before = [getattr(variant, name) for name in VariantFields]
        variant.barcode, variant.position = wanted.barcode, position
        if found is None or not wanted.is_sku_derived:
            variant.sku = wanted.sku
        variant.options = [list(option) for option in wanted.options]
        variant.weight_grams, variant.requires_shipping = wanted.weight_grams, wanted.requires_shipping
        variant.is_active = True
        prices = [
            Price(variant_id=variant.id, currency=price.currency, amount=price.amount)
            for price in wanted.prices
            if known.prices[variant.id].get(price.currency) != price.amount
        ]
        changes.prices += prices
        if found is None:
            changes.new_variants.append(variant)
            on_hand = wanted.on_hand or 0
            changes.new_stock.append(Stock(variant_id=variant.id, on_hand=on_hand, is_tracked=wanted.is_tracked))
            if on_hand:
                changes.movements.append(
                    Movement(
                        variant_id=variant.id,
                        quantity=on_hand,
                        reason=Movement.Reason.COUNTED,
                        reference=self._reference,
                    )
                )
            return Result.CREATED
        is_changed = before != [getattr(variant, name) for name in VariantFields]
        if is_changed:
            changes.variants.append(variant)
        is_moved = self._compare_stock(known.stock[variant.id], wanted, changes)
        return Result.UPDATED if is_changed or prices or is_moved else Result.UNCHANGED

    def _compare_stock(self, stock: Stock, wanted: VariantDraft, changes: _Changes) -> bool:
        is_changed = stock.is_tracked != wanted.is_tracked
        if is_changed:
            stock.is_tracked = wanted.is_tracked
            changes.stock.append(stock)
        if wanted.on_hand is None or wanted.on_hand == stock.on_hand or self._keep_stock:
            return is_changed
        self._counts.append(Count(stock.variant_id, wanted.on_hand))
        self._count_lines[stock.variant_id] = (wanted.line, wanted.sku)
        return True

    def _write(self, changes: _Changes) -> None:
        _give_slugs(changes.new_products)
        Product.objects.bulk_create(changes.new_products)
        Popularity.objects.bulk_create([Popularity(product_id=product.id) for product in changes.new_products])
        if changes.products:
            Product.objects.bulk_update(changes.products, [*ProductFields, "version"])
        Variant.objects.bulk_create(changes.new_variants)
        if changes.variants:
            Variant.objects.bulk_update(changes.variants, VariantFields)
        Price.objects.bulk_create(
            changes.prices, update_conflicts=True, unique_fields=["variant", "currency"], update_fields=["amount"]
        )
        Stock.objects.bulk_create(changes.new_stock)
        if changes.stock:
            Stock.objects.bulk_update(changes.stock, ["is_tracked"])
        Movement.objects.bulk_create(changes.movements)
        if changes.stale_images:
            Image.objects.filter(product__in=changes.stale_images).delete()
        Image.objects.bulk_create(changes.images)
        AttributeValue.objects.bulk_create(
            changes.attributes,
            update_conflicts=True,
            unique_fields=["product", "attribute"],
            update_fields=["text", "number", "flag"],
        )
        self._announce(changes)

    @staticmethod
    def _announce(changes: _Changes) -> None:
        slugs = {product.id: product.slug for product in (*changes.new_products, *changes.products)}
        for event in changes.events:
            if isinstance(event, ProductPublished):
                publish(ProductPublished(product_id=event.product_id, slug=slugs[event.product_id], title=event.title))
            else:
                publish(event)


def _load(drafts: Iterable[ProductDraft]) -> _Known:
    wanted = list(drafts)
    skus = [variant.sku for draft in wanted for variant in draft.variants]
    handles = [draft.handle for draft in wanted]
    locked = Product.objects.select_for_update(no_key=True).filter(handle__in=handles).order_by("id")
    known = _Known({product.handle: product for product in locked})
    ids = [product.id for product in known.products.values()]
    for variant in (
        Variant.objects.filter(Q(product__in=ids) | Q(sku__in=skus)).select_related("product").order_by("id")
    ):
        known.variants[variant.product_id].append(variant)
        known.owners[variant.sku] = variant.product.handle
    for price in Price.objects.filter(variant__product__in=ids):
        known.prices[price.variant_id][price.currency] = price.amount
    known.stock = {stock.variant_id: stock for stock in Stock.objects.filter(variant__product__in=ids)}
    for image in Image.objects.filter(product__in=ids).order_by("position", "id"):
        known.images[image.product_id].append(ImageDraft(url=image.url, alternative_text=image.alternative_text))
    for value in AttributeValue.objects.filter(product__in=ids):
        known.attributes[value.product_id][value.attribute_id] = TypedValue(value.text, value.number, value.flag)
    return known


def _matched(draft: ProductDraft, present: Sequence[Variant]) -> list[Variant | None]:
    """Return for each wanted variant the present one that it is: by its SKU, else by its options."""
    by_sku = {variant.sku: variant for variant in present}
    found = [by_sku.get(wanted.sku) for wanted in draft.variants]
    taken = {variant.id for variant in found if variant}
    by_options = {tuple(map(tuple, variant.options)): variant for variant in present if variant.id not in taken}
    return [
        variant or by_options.pop(wanted.options, None) for wanted, variant in zip(draft.variants, found, strict=True)
    ]


def _give_slugs(products: Sequence[Product]) -> None:
    for product in products:
        product.slug = product.slug or slugify(product.handle)[:240] or "product"
    wanted = [product.slug for product in products]
    taken = set(Product.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    taken |= set(FormerSlug.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    for product in products:
        if product.slug in taken:
            product.slug = _numbered(product.slug, taken)
        taken.add(product.slug)


def _numbered(slug: str, taken: set[str]) -> str:
    like = Q(slug__startswith=f"{slug}-")
    used = taken | set(Product.objects.filter(like).values_list("slug", flat=True))
    used |= set(FormerSlug.objects.filter(like).values_list("slug", flat=True))
    return next(candidate for number in range(2, len(used) + 3) if (candidate := f"{slug}-{number}") not in used)


def _reserved(line: int, sku: str) -> Problem:
    return Problem(line, f"More pieces of {sku} are reserved for orders than the quantity says.")
