"""What shipping does about other modules' events."""

from __future__ import annotations

from django.utils import timezone

from infra.events.subscriptions import subscribe
from modules.orders.events import OrderConfirmed
from modules.shipping.use_cases.shipments import confirm_shipment


@subscribe(OrderConfirmed)
def let_the_parcel_leave(event: OrderConfirmed) -> None:
    """From now on the parcel may leave; its label is bought by the next run of the carrier task."""
    confirm_shipment(order_id=event.order_id, confirmed_at=timezone.now())
