"""Placing an order: from what was asked for to a recorded commitment."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from infra.databases.insertion import insert_together
from infra.errors import Invalid, Refused
from infra.events.outbox import publish
from infra.identifiers import new_id
from infra.money import Money
from infra.postal_address import PostalAddress
from modules.catalog.contract import CatalogContract, Offer, OutOfStock
from modules.orders.events import OrderPlaced
from modules.orders.models import Cart, CartState, Checkout, HistoryEntry, Order, OrderLine
from modules.orders.queries.orders import hold_details
from modules.orders.use_cases.carts import CartClosed, CartNotFound, NotOnSale
from modules.orders.use_cases.checkout import DEADLINE
from modules.orders.use_cases.checkout_record import lease_for
from modules.orders.use_cases.checkout_steps import FIRST_STEP
from modules.payments.contract import PaymentsContract
from modules.shipping.contract import RateQuote, ShippingContract

# Without the letters and digits that people mix up; 32 ** 9 numbers, so that nobody reads our sales off them.
_NUMBER_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class EmptyOrder(Invalid):
    """An order needs at least one product."""

    code = "orders.empty_order"


class PriceChanged(Refused):
    """A price is no longer what the customer saw; nothing was ordered.

    Members: `prices`, a list of {"productId", "sku", "priceSeen", "price"} in minor units, and `currency`.
    """

    code = "orders.price_changed"


class AlreadyPlaced(Refused):
    """This buyer made an order of the same key or cart before; nothing was recorded."""

    code = "orders.already_placed"


class CartChanged(Refused):
    """The cart was edited while it was being ordered; nothing was ordered. Look at it and order again."""

    code = "orders.cart_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedItem:
    """Pieces of one variant as the customer asked for them; `price_seen` is the unit price in minor units, None unchecked."""

    reference: str
    quantity: int
    price_seen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys and where it goes; `customer_id` None is a guest."""

    customer_id: UUID | None
    email: str
    address: PostalAddress


def earlier_order(*, customer_id: UUID | None, idempotency_key: str, cart_id: UUID | None) -> Order | None:
    """Return the order that this buyer made with this key, or of this cart, or None."""
    same_key = Q(customer_id=customer_id, idempotency_key=idempotency_key)
    same_cart = Q(cart_id=cart_id, customer_id=customer_id)
    return Order.objects.filter(same_key | same_cart if cart_id else same_key).first()


def items_of_cart(*, cart_id: UUID, customer_id: UUID | None) -> tuple[list[WantedItem], int]:
    """Return what a cart holds, at the prices that its owner saw, and the cart's version.

    Raises:
        CartNotFound, CartClosed: it cannot be ordered.
    """
    cart = Cart.objects.filter(id=cart_id).first()
    if cart is None or cart.customer_id not in (None, customer_id):
        raise CartNotFound()
    if cart.state != CartState.OPEN:
        raise CartClosed()
    lines = cart.lines.order_by("id").values_list("variant_id", "quantity", "price_seen")
    return [
        WantedItem(reference=str(variant), quantity=quantity, price_seen=price) for variant, quantity, price in lines
    ], cart.version


def place_order(
    *,
    buyer: Buyer,
    items: Sequence[WantedItem],
    cart: tuple[UUID, int] | None,
    payment_method: str,
    shipping_rate: str | None,
    currency: str,
    idempotency_key: str,
    placed_at: datetime,
    catalog: CatalogContract,
    payments: PaymentsContract,
    shipping: ShippingContract,
) -> Order:
    """Record a customer's commitment to buy at the prices that they saw, and announce it; the checkout is then under way.

    Args:
        cart: the cart's id and version that `items` were read from, or None.
        shipping_rate: a rate's code; None takes the cheapest.
        idempotency_key: the buyer's.

    Returns:
        The order, PENDING, its checkout leased to the caller, who is expected to drive it.

    Raises:
        AlreadyPlaced: the key or the cart made an order before. Nothing is recorded then, and nothing with the following:
        EmptyOrder, NotOnSale, PriceChanged, OutOfStock, CartChanged, and payments' and shipping's refusals. They may come of a
            repeat as well, so whoever may be repeating asks `earlier_order` then.
    """
    if not items:
        raise EmptyOrder()
    payments.check_method(method=payment_method)
    offers = catalog.offers(references=[item.reference for item in items], currency=currency)
    quantities = _checked_quantities(items, offers, currency)
    bought = {offer.variant_id: offer for offer in offers.values()}
    goods = Money.total(bought[variant].unit_price * count for variant, count in quantities.items())
    weight = sum(bought[variant].weight_grams * count for variant, count in quantities.items())
    rate = shipping.quote(address=buyer.address, goods=goods, weight_grams=weight, rate_code=shipping_rate)[0]

    order = _new_order(buyer, goods, rate, payment_method, cart[0] if cart else None, idempotency_key, placed_at)
    lines = _lines(order, bought, quantities)
    placed = HistoryEntry(order=order, at=placed_at, event="placed", actor="customer")
    checkout = Checkout(
        order=order,
        step=FIRST_STEP,
        lease_until=timezone.now() + lease_for(FIRST_STEP),
        deadline_at=placed_at + DEADLINE,
    )
    try:
        with transaction.atomic(using="orders"):
            if cart:
                _close_cart(*cart, at=placed_at)
            insert_together([[order], lines, [placed], [checkout]], using="orders")
            publish(
                OrderPlaced(order_id=order.id, number=order.number, customer_id=buyer.customer_id, total=order.total)
            )
    except (IntegrityError, CartClosed) as error:
        cart_id = cart[0] if cart else None
        if not earlier_order(customer_id=buyer.customer_id, idempotency_key=idempotency_key, cart_id=cart_id):
            raise
        raise AlreadyPlaced from error
    hold_details(order, lines=lines, history=[placed])
    return order


def _checked_quantities(items: Sequence[WantedItem], offers: Mapping[str, Offer], currency: str) -> dict[UUID, int]:
    """Return pieces wanted by variant, the same variant asked for twice added up."""
    missing = [item.reference for item in items if item.reference not in offers]
    if missing:
        raise NotOnSale(f"Not on sale in {currency}: {', '.join(missing)}.", productIds=missing)

    changed = [
        {
            "productId": item.reference,
            "sku": offers[item.reference].sku,
            "priceSeen": item.price_seen,
            "price": offers[item.reference].unit_price.amount,
        }
        for item in items
        if item.price_seen not in (None, offers[item.reference].unit_price.amount)
    ]
    if changed:
        raise PriceChanged("The price has changed since you saw it.", prices=changed, currency=currency)

    quantities: dict[UUID, int] = {}
    for item in items:
        variant = offers[item.reference].variant_id
        quantities[variant] = quantities.get(variant, 0) + item.quantity
    short = [
        {
            "variantId": str(offer.variant_id),
            "sku": offer.sku,
            "requested": quantities[offer.variant_id],
            "available": offer.available,
        }
        for offer in {offer.variant_id: offer for offer in offers.values()}.values()
        if offer.available < quantities.get(offer.variant_id, 0)
    ]
    if short:  # a courtesy before anything is recorded; the reservation is what holds
        raise OutOfStock("Not enough pieces are left.", shortages=short)
    return quantities


def _new_order(
    buyer: Buyer,
    goods: Money,
    rate: RateQuote,
    payment_method: str,
    cart_id: UUID | None,
    idempotency_key: str,
    placed_at: datetime,
) -> Order:
    return Order(
        id=new_id(),
        number="".join(secrets.choice(_NUMBER_ALPHABET) for _ in range(9)),
        customer_id=buyer.customer_id,
        email=buyer.email,
        address=asdict(buyer.address),
        cart_id=cart_id,
        idempotency_key=idempotency_key,
        placed_at=placed_at,
        currency=goods.currency,
        goods_amount=goods.amount,
        shipping_amount=rate.price.amount,
        total_amount=(goods + rate.price).amount,
        payment_method=payment_method,
        shipping_rate=rate.code,
    )


def _lines(order: Order, bought: Mapping[UUID, Offer], quantities: Mapping[UUID, int]) -> list[OrderLine]:
    return [
        OrderLine(
            order=order,
            position=position,
            variant_id=variant,
            product_id=bought[variant].product_id,
            sku=bought[variant].sku,
            name=bought[variant].name,
            slug=bought[variant].slug,
            image=bought[variant].image or "",
            quantity=quantity,
            unit_amount=bought[variant].unit_price.amount,
            total_amount=bought[variant].unit_price.amount * quantity,
            weight_grams=bought[variant].weight_grams,
        )
        for position, (variant, quantity) in enumerate(quantities.items(), start=1)
    ]


def _close_cart(cart_id: UUID, version: int, *, at: datetime) -> None:
    closed = Cart.objects.filter(id=cart_id, version=version, state=CartState.OPEN).update(
        state=CartState.ORDERED, updated_at=at
    )
    if not closed:
        state = Cart.objects.values_list("state", flat=True).get(id=cart_id)
        raise CartChanged() if state == CartState.OPEN else CartClosed()
