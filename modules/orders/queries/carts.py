"""A cart as it stands now, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from infra.money import Money
from modules.catalog.contract import CatalogContract, Offer
from modules.orders.models import Cart, CartLine


@dataclass(frozen=True, slots=True, kw_only=True)
class CartProblem:
    """One reason why a cart cannot be ordered as it is. `code` is stable; `action` is what would mend it."""

    code: str
    detail: str
    action: str
    line_id: UUID | None = None
    price_seen: Money | None = None
    price_now: Money | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A cart line at the price of now, or at the last known one where it is no longer on sale."""

    id: UUID
    variant_id: UUID
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money
    image: str | None
    slug: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCart:
    """A cart with the prices and the stock of now."""

    id: UUID
    state: str
    version: int
    lines: tuple[PricedLine, ...]
    total: Money
    problems: tuple[CartProblem, ...]


def priced_cart(*, cart_id: UUID, customer_id: UUID | None, catalog: CatalogContract) -> PricedCart | None:
    """Return a cart that this customer (or, with None, a guest) may see, or None.

    Two queries and one question to the catalog, however many lines.
    """
    cart = Cart.objects.filter(id=cart_id).first()
    if cart is None or cart.customer_id not in (None, customer_id):
        return None
    lines = list(cart.lines.order_by("id"))
    references = [str(line.variant_id) for line in lines]
    offers = catalog.offers(references=references, currency=cart.currency) if references else {}
    priced = tuple(_priced(cart, line, offers.get(str(line.variant_id))) for line in lines)
    return PricedCart(
        id=cart.id,
        state=cart.state,
        version=cart.version,
        lines=priced,
        total=Money.total((line.total for line in priced), currency=cart.currency),
        problems=tuple(_problems(cart, lines, offers)),
    )


def _priced(cart: Cart, line: CartLine, offer: Offer | None) -> PricedLine:
    unit_price = offer.unit_price if offer else Money(line.price_seen, cart.currency)
    return PricedLine(
        id=line.id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=offer.name if offer else line.name,
        quantity=line.quantity,
        unit_price=unit_price,
        total=unit_price * line.quantity,
        image=offer.image if offer else None,
        slug=offer.slug if offer else None,
    )


def _problems(cart: Cart, lines: list[CartLine], offers: Mapping[str, Offer]) -> Iterator[CartProblem]:
    if cart.state != "OPEN":
        yield CartProblem(code="cart_closed", detail="This cart was ordered already.", action="open_new_cart")
    if not lines:
        yield CartProblem(code="empty_cart", detail="The cart is empty.", action="add_line")
    for line in lines:
        offer = offers.get(str(line.variant_id))
        if offer is None:
            yield CartProblem(
                code="not_on_sale",
                detail=f"{line.name} is not on sale any more.",
                action="remove_line",
                line_id=line.id,
            )
            continue
        if offer.available < line.quantity:
            yield CartProblem(
                code="out_of_stock",
                detail=(
                    f"Only {offer.available} of {offer.name} left." if offer.available else f"{offer.name} is sold out."
                ),
                action="reduce_quantity" if offer.available else "remove_line",
                line_id=line.id,
                available=offer.available,
            )
        if offer.unit_price.amount != line.price_seen:
            seen = Money(line.price_seen, cart.currency)
            yield CartProblem(
                code="price_changed",
                detail=f"{offer.name} cost {seen.as_text()} and costs {offer.unit_price.as_text()} now.",
                action="set_quantity_to_accept",
                line_id=line.id,
                price_seen=seen,
                price_now=offer.unit_price,
            )
