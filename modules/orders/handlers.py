"""What orders does about other modules' news."""

from __future__ import annotations

from django.utils import timezone

from infra.events.subscriptions import subscribe
from modules.orders.use_cases.following import note_refund, note_shipment
from modules.payments.events import PaymentRefunded
from modules.shipping.events import ShipmentDelivered, ShipmentDispatched


@subscribe(PaymentRefunded)
def keep_the_refund_in_the_history(event: PaymentRefunded) -> None:
    """Show the customer what was given back."""
    note_refund(order_id=event.order_id, refunded=event.refunded.amount, fully=event.fully, at=timezone.now())


@subscribe(ShipmentDispatched)
def keep_the_dispatch_in_the_history(event: ShipmentDispatched) -> None:
    """Show the customer that the parcel has left."""
    note_shipment(
        order_id=event.order_id,
        status="DISPATCHED",
        event="dispatched",
        at=timezone.now(),
        carrier=event.carrier,
        trackingNumber=event.tracking_number,
    )


@subscribe(ShipmentDelivered)
def keep_the_delivery_in_the_history(event: ShipmentDelivered) -> None:
    """Show the customer that the parcel has arrived."""
    note_shipment(order_id=event.order_id, status="DELIVERED", event="delivered", at=timezone.now())
