"""Calling an order off."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from infra.errors import NotFound, Refused
from modules.orders.contract import OrderStatus
from modules.orders.models import Checkout, CheckoutState, HistoryEntry, Order
from modules.orders.use_cases.checkout import drive_checkout
from modules.orders.use_cases.checkout_record import lease_for
from modules.orders.use_cases.checkout_steps import FIRST_STEP_BACK, Partners

CUSTOMER_REQUEST = "customer_request"


class OrderNotFound(NotFound):
    """There is no such order, or it is somebody else's."""

    code = "orders.order_not_found"


class CheckoutUnderWay(Refused):
    """The order's checkout is running at this moment; look at the order in a few seconds."""

    code = "orders.checkout_under_way"


class CancellationRefused(Refused):
    """The order cannot be cancelled any more, as its parcel has left.

    Members: `reason`, the stable code of the refusal.
    """

    code = "orders.cancellation_refused"


def cancel_order(*, order_id: UUID, customer_id: UUID | None, by_staff: bool, partners: Partners) -> Order:
    """Call an order off: the parcel is held back, the money given back, the pieces returned to the stock.

    A repeat, or an order that is cancelled already, changes nothing.

    Returns:
        The order: CANCELLED, or still under way when a partner could not be reached; then the completer goes on with it.

    Raises:
        OrderNotFound: there is none for this buyer.
        CheckoutUnderWay: somebody is driving its checkout right now; nothing is changed.
        CancellationRefused: the parcel is with the carrier; nothing is given back.
    """
    with transaction.atomic(using="orders"):
        order = Order.objects.filter(id=order_id).first()
        if order is None or not (by_staff or order.customer_id in (None, customer_id)):
            raise OrderNotFound()
        checkout = Checkout.objects.select_for_update().select_related("order").get(order_id=order_id)
        order = checkout.order
        order.refresh_from_db()
        if order.status == OrderStatus.CANCELLED.value:
            return order
        now = timezone.now()
        if checkout.lease_until and checkout.lease_until > now:
            raise CheckoutUnderWay()
        if checkout.state != CheckoutState.COMPENSATING:
            if checkout.state == CheckoutState.SETTLED:
                checkout.step = FIRST_STEP_BACK
            checkout.state = CheckoutState.COMPENSATING
            checkout.failure_code = CUSTOMER_REQUEST
            checkout.failure_detail = "The order was cancelled on request."
            checkout.failure_members = {}
            HistoryEntry.objects.create(
                order=order, at=now, event="cancellation_requested", actor="staff" if by_staff else "customer"
            )
        checkout.fence += 1
        checkout.attempts = 0
        checkout.lease_until = now + lease_for(checkout.step) + timedelta(seconds=1)
        checkout.save()

    order = drive_checkout(checkout=checkout, partners=partners)
    if checkout.state == CheckoutState.SETTLED and order.status == OrderStatus.CONFIRMED.value:
        raise CancellationRefused(checkout.failure_detail, reason=checkout.failure_code)
    return order
