"""Filling a cart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from infra.errors import Invalid, NotFound, Refused
from infra.identifiers import new_id
from modules.catalog.contract import CatalogContract, Offer
from modules.orders.models import Cart, CartLine, CartState
from modules.orders.models.carts import MOST_PIECES

MOST_LINES = 100  # the catalog answers for 200 references at once; a merge of two full carts still fits


class CartNotFound(NotFound):
    """There is no such cart, or it is somebody else's."""

    code = "orders.cart_not_found"


class LineNotFound(NotFound):
    """The cart has no such line."""

    code = "orders.line_not_found"


class NotOnSale(Refused):
    """A product asked for does not exist or is not on sale.

    Members: `productIds`, those asked for in vain.
    """

    code = "orders.not_on_sale"
    status = 422


class CartClosed(Refused):
    """The cart was ordered or merged into another; it cannot be edited any more."""

    code = "orders.cart_closed"


class CartFull(Invalid):
    """A cart holds at most 100 lines, and 999 pieces of one variant."""

    code = "orders.cart_full"


def _anyhow(version: int) -> None:
    """The precondition of those who did not name a version."""


def open_cart(*, customer_id: UUID | None, currency: str, opened_at: datetime) -> tuple[Cart, bool]:
    """Return the customer's open cart, making one where there is none; a guest gets a new one at each call.

    Returns:
        The cart, and whether it was made by this call.
    """
    fresh = {"currency": currency, "created_at": opened_at, "updated_at": opened_at}
    if customer_id is None:
        return Cart.objects.create(**fresh), True
    return Cart.objects.get_or_create(customer_id=customer_id, state=CartState.OPEN, defaults=fresh)


def add_to_cart(
    *,
    cart_id: UUID,
    customer_id: UUID | None,
    reference: str,
    quantity: int,
    added_at: datetime,
    catalog: CatalogContract,
) -> None:
    """Put pieces of a variant into a cart, on top of those of it that are there.

    Args:
        reference: the variant's id or SKU.

    Raises:
        CartNotFound, CartClosed, NotOnSale, CartFull: the cart stays as it was.
    """
    currency = _editable_cart(cart_id, customer_id).currency
    offer = catalog.offers(references=(reference,), currency=currency).get(reference)
    if offer is None:
        raise NotOnSale(f"{reference!r} is not on sale in {currency}.", productIds=[reference])

    with transaction.atomic(using="orders"):
        cart = _lock(cart_id, customer_id)
        line = cart.lines.filter(variant_id=offer.variant_id).first()
        wanted = quantity + (line.quantity if line else 0)
        if wanted > MOST_PIECES or (line is None and cart.lines.count() >= MOST_LINES):
            raise CartFull()
        _write_line(cart, offer, wanted, line)
        _touch(cart, added_at)


def change_quantity(
    *,
    cart_id: UUID,
    customer_id: UUID | None,
    line_id: UUID,
    quantity: int,
    changed_at: datetime,
    catalog: CatalogContract,
    precondition: Callable[[int], None] = _anyhow,
) -> None:
    """Set how many pieces a line holds, and accept the price of now for it.

    Args:
        precondition: called with the cart's version while it is locked; what it raises leaves the cart as it was.

    Raises:
        CartNotFound, LineNotFound, CartClosed, NotOnSale: the cart stays as it was.
    """
    cart = _editable_cart(cart_id, customer_id)
    line = cart.lines.filter(id=line_id).first()
    if line is None:
        raise LineNotFound()
    reference = str(line.variant_id)
    offer = catalog.offers(references=(reference,), currency=cart.currency).get(reference)
    if offer is None:
        raise NotOnSale(f"{line.name} is not on sale any more; remove it.", productIds=[reference])

    with transaction.atomic(using="orders"):
        cart = _lock(cart_id, customer_id)
        precondition(cart.version)
        line = cart.lines.filter(id=line_id).first()
        if line is None:
            raise LineNotFound()
        _write_line(cart, offer, quantity, line)
        _touch(cart, changed_at)


def remove_from_cart(
    *,
    cart_id: UUID,
    customer_id: UUID | None,
    line_id: UUID,
    removed_at: datetime,
    precondition: Callable[[int], None] = _anyhow,
) -> None:
    """Take a line out of a cart.

    Args:
        precondition: as of `change_quantity`.

    Raises:
        CartNotFound, LineNotFound, CartClosed: the cart stays as it was.
    """
    with transaction.atomic(using="orders"):
        cart = _lock(cart_id, customer_id)
        precondition(cart.version)
        deleted, _ = cart.lines.filter(id=line_id).delete()
        if not deleted:
            raise LineNotFound()
        _touch(cart, removed_at)


def merge_carts(*, guest_cart_id: UUID, customer_id: UUID, merged_at: datetime) -> Cart:
    """Move a guest's cart into the customer's open one, as at sign-in; a repeat changes nothing.

    Of a variant that is in both, the larger quantity stays: the same person put it in twice more likely than wanted the sum.
    What does not fit is left behind in the guest's cart's record.

    Returns:
        The customer's cart.

    Raises:
        CartNotFound: no such guest cart.
        CartClosed: it was ordered already.
    """
    with transaction.atomic(using="orders"):
        guest = Cart.objects.select_for_update().filter(id=guest_cart_id, customer_id=None).first()
        if guest is None:
            raise CartNotFound()
        if guest.state == CartState.ORDERED:
            raise CartClosed()
        own, _ = open_cart(customer_id=customer_id, currency=guest.currency, opened_at=merged_at)
        if guest.state == CartState.MERGED:
            return own
        own = Cart.objects.select_for_update().get(id=own.id)
        lines = {line.variant_id: line for line in own.lines.all()}
        for line in guest.lines.order_by("id"):
            if present := lines.get(line.variant_id):
                present.quantity = max(present.quantity, line.quantity)
                present.save(update_fields=["quantity"])
            elif len(lines) < MOST_LINES:
                lines[line.variant_id] = line
                CartLine.objects.filter(id=line.id).update(cart=own)
        Cart.objects.filter(id=guest.id).update(state=CartState.MERGED, updated_at=merged_at)
        _touch(own, merged_at)
        return own


def forget_abandoned_carts(*, untouched_since: datetime, most: int = 500) -> int:
    """Delete guests' carts that nobody has touched since then, at most `most` at a time; return how many."""
    with transaction.atomic(using="orders"):
        abandoned = (
            Cart.objects.select_for_update(skip_locked=True)
            .filter(customer_id=None, updated_at__lt=untouched_since)
            .exclude(state=CartState.ORDERED)
            .values_list("id", flat=True)[:most]
        )
        ids = list(abandoned)
        Cart.objects.filter(id__in=ids).delete()
    return len(ids)


def _editable_cart(cart_id: UUID, customer_id: UUID | None) -> Cart:
    cart = Cart.objects.filter(id=cart_id).first()
    return _checked(cart, customer_id)


def _lock(cart_id: UUID, customer_id: UUID | None) -> Cart:
    return _checked(Cart.objects.select_for_update().filter(id=cart_id).first(), customer_id)


def _checked(cart: Cart | None, customer_id: UUID | None) -> Cart:
    if cart is None or cart.customer_id not in (None, customer_id):
        raise CartNotFound()
    if cart.state != CartState.OPEN:
        raise CartClosed()
    return cart


def _write_line(cart: Cart, offer: Offer, quantity: int, line: CartLine | None) -> None:
    facts = {
        "sku": offer.sku,
        "name": offer.name,
        "product_id": offer.product_id,
        "quantity": quantity,
        "price_seen": offer.unit_price.amount,
    }
    if line is None:
        CartLine.objects.create(id=new_id(), cart=cart, variant_id=offer.variant_id, **facts)
    else:
        CartLine.objects.filter(id=line.id).update(**facts)


def _touch(cart: Cart, at: datetime) -> None:
    Cart.objects.filter(id=cart.id).update(version=F("version") + 1, updated_at=at)
