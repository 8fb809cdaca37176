"""What payments does about other modules' facts."""

from __future__ import annotations

from django.utils import timezone

from infra.events.subscriptions import subscribe
from modules.payments.use_cases.taking import mark_capture_due
from modules.shipping.events import ShipmentDispatched


@subscribe(ShipmentDispatched)
def let_the_money_be_taken(event: ShipmentDispatched) -> None:
    """Mark what is authorised for the order as due; a periodic task asks the provider, as a handler does no I/O."""
    mark_capture_due(order_id=event.order_id, now=timezone.now())
