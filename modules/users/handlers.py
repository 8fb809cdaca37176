"""What users does when it hears of something: it notes the e-mails that customers are to get.

Sending them is a task's work (tasks.py): the transaction that a handler runs in must not wait for a mail server.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from infra.events.subscriptions import subscribe
from infra.money import Money
from modules.orders.events import OrderCancelled, OrderConfirmed
from modules.payments.events import PaymentRefunded
from modules.shipping.events import ShipmentDelivered, ShipmentDispatched
from modules.users.events import CustomerRegistered
from modules.users.models import NotificationKind
from modules.users.use_cases.notifications import note, told_about


@subscribe(CustomerRegistered, after_dead_letter="skip")
def ask_to_confirm_the_address(event: CustomerRegistered) -> None:
    """Note the e-mail with which a new customer proves the address."""
    note(
        kind=NotificationKind.VERIFY_EMAIL,
        fact=str(event.customer_id),
        email=event.email,
        facts={},
        noted_at=timezone.now(),
    )


@subscribe(OrderConfirmed, after_dead_letter="skip")
def confirm_the_order(event: OrderConfirmed) -> None:
    """Note the confirmation of an order."""
    _note_about_order(
        NotificationKind.ORDER_CONFIRMED,
        event.order_id,
        event.email,
        number=event.number,
        recipient=event.recipient,
        lines=[
            {"name": line.name, "sku": line.sku, "quantity": line.quantity, "total": _plain(line.total)}
            for line in event.lines
        ],
        shipping=_plain(event.shipping),
        total=_plain(event.total),
    )


@subscribe(OrderCancelled, after_dead_letter="skip")
def tell_that_the_order_ended(event: OrderCancelled) -> None:
    """Note that a confirmed order was cancelled, or that an order could not be completed."""
    _note_about_order(
        NotificationKind.ORDER_CANCELLED if event.was_confirmed else NotificationKind.ORDER_FAILED,
        event.order_id,
        event.email,
        number=event.number,
        recipient=event.recipient,
        reason=event.reason,
        total=_plain(event.total),
    )


@subscribe(ShipmentDispatched, after_dead_letter="skip")
def tell_that_the_parcel_left(event: ShipmentDispatched) -> None:
    """Note that a parcel is with the carrier."""
    _note_about_order(
        NotificationKind.SHIPMENT_DISPATCHED,
        event.order_id,
        event.email,
        fact=event.shipment_id,
        number=event.order_number,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
    )


@subscribe(ShipmentDelivered, after_dead_letter="skip")
def tell_that_the_parcel_arrived(event: ShipmentDelivered) -> None:
    """Note that a parcel arrived."""
    _note_about_order(
        NotificationKind.SHIPMENT_DELIVERED,
        event.order_id,
        event.email,
        fact=event.shipment_id,
        number=event.order_number,
        tracking_number=event.tracking_number,
    )


@subscribe(PaymentRefunded, after_dead_letter="skip")
def tell_of_the_refund(event: PaymentRefunded) -> None:
    """Note a refund, to whoever got the order's confirmation; an order that was never confirmed needs no such e-mail."""
    if (confirmation := told_about(event.order_id)) is None:
        return
    _note_about_order(
        NotificationKind.PAYMENT_REFUNDED,
        event.order_id,
        confirmation.email,
        # The sum of all refunds so far tells one refund of a payment from another.
        fact=f"{event.payment_id}:{event.refunded.amount}",
        number=confirmation.facts["number"],
        amount=_plain(event.amount),
        fully=event.fully,
    )


def _note_about_order(kind: NotificationKind, order_id: UUID, email: str, *, fact: object = None, **facts: Any) -> None:
    note(
        kind=kind,
        fact=str(fact or order_id),
        email=email,
        facts=facts,
        noted_at=timezone.now(),
        order_id=order_id,
    )


def _plain(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}
