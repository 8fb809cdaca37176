"""Placing orders in tests: the real modules, one product, one buyer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from infra.contracts import resolve
from infra.identifiers import new_id
from infra.postal_address import PostalAddress
from modules.catalog.contract import CatalogContract, Offer
from modules.orders.models import Checkout, Order
from modules.orders.tasks import complete_stalled_checkouts
from modules.orders.use_cases.checkout import drive_checkout
from modules.orders.use_cases.checkout_steps import Partners
from modules.orders.use_cases.ordering import Buyer, WantedItem, place_order
from tests.orders.partners import Switchboard

CUSTOMER = UUID("018f0000-0000-7000-8000-000000000001")
HOME = PostalAddress(
    name="Ann Archer", line1="Lindenstr. 1", line2=None, city="Berlin", region=None, postcode="10969", country="DE"
)
ANN = Buyer(customer_id=CUSTOMER, email="ann@example.com", address=HOME)


def offer(sku: str) -> Offer:
    return resolve(CatalogContract).offers(references=(sku,), currency="EUR")[sku]


def placed(
    sku: str,
    *,
    pieces: int = 2,
    price_seen: int | None = None,
    method: str = "card",
    key: str = "",
    buyer: Buyer = ANN,
    cart: tuple[UUID, int] | None = None,
    partners: Partners | None = None,
) -> Order:
    """Place an order of one line without driving its checkout."""
    partners = partners or Switchboard().partners()
    return place_order(
        buyer=buyer,
        items=[WantedItem(reference=sku, quantity=pieces, price_seen=price_seen)],
        cart=cart,
        payment_method=method,
        shipping_rate=None,
        currency="EUR",
        idempotency_key=key or str(new_id()),
        placed_at=timezone.now(),
        catalog=partners.catalog,
        payments=partners.payments,
        shipping=partners.shipping,
    )


def bought(sku: str, *, pieces: int = 2, method: str = "card", partners: Partners | None = None) -> Order:
    """Place an order and drive its checkout; return it as it stands then."""
    partners = partners or Switchboard().partners()
    order = placed(sku, pieces=pieces, method=method, partners=partners)
    drive_checkout(checkout=order.checkout, partners=partners)
    return Order.objects.get(id=order.id)


def let_the_completer_finish(order: Order) -> Order:
    """Let the driver's lease and the wait for the next attempt run out, and the completer go on until the saga ends."""
    for _ in range(20):
        earlier = timezone.now() - timedelta(seconds=1)
        left = Checkout.objects.exclude(state="SETTLED").filter(order=order)
        if not left.update(lease_until=earlier, next_attempt_at=earlier):
            return Order.objects.get(id=order.id)
        complete_stalled_checkouts()
    raise AssertionError(f"The checkout did not end: {Checkout.objects.get(order=order).last_error}")
