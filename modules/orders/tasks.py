"""What orders does by the clock."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from infra.contracts import resolve
from infra.contracts.journeys import one_of_many
from infra.schedule.declaration import periodic
from modules.catalog.contract import CatalogContract
from modules.orders.use_cases.carts import forget_abandoned_carts
from modules.orders.use_cases.checkout import drive_checkout
from modules.orders.use_cases.checkout_record import stalled_checkouts, take_over_checkout
from modules.orders.use_cases.checkout_steps import Partners
from modules.payments.contract import PaymentsContract
from modules.shipping.contract import ShippingContract


@periodic(every_seconds=2)
def complete_stalled_checkouts() -> None:
    """Go on with every checkout whose driver died or whose next attempt is due."""
    partners = Partners(
        catalog=resolve(CatalogContract), payments=resolve(PaymentsContract), shipping=resolve(ShippingContract)
    )
    for order_id in stalled_checkouts():
        with one_of_many("orders.complete_a_stalled_checkout"):
            if checkout := take_over_checkout(order_id=order_id):
                drive_checkout(checkout=checkout, partners=partners)


@periodic(every_seconds=3600)
def forget_old_carts() -> None:
    """Delete guests' carts that nobody has touched for 90 days."""
    forget_abandoned_carts(untouched_since=timezone.now() - timedelta(days=90))
