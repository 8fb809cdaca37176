"""Following what payments and shipping announce about an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Greatest

from modules.orders.models import HistoryEntry, Order


def note_refund(*, order_id: UUID, refunded: int, fully: bool, at: datetime) -> None:
    """Store how much of an order's money was given back so far, in minor units; a late, smaller figure changes nothing."""
    status = "REFUNDED" if fully else "PARTIALLY_REFUNDED"
    with transaction.atomic(using="orders"):
        known = Order.objects.filter(id=order_id).update(
            refunded_amount=Greatest("refunded_amount", refunded), payment_status=status
        )
        if known:
            _remember(order_id, at, "refunded", "payments", amount=refunded)


def note_shipment(*, order_id: UUID, status: str, event: str, at: datetime, **detail: Any) -> None:
    """Store where an order's parcel is."""
    with transaction.atomic(using="orders"):
        if Order.objects.filter(id=order_id).update(shipment_status=status):
            _remember(order_id, at, event, "shipping", **detail)


def _remember(order_id: UUID, at: datetime, event: str, actor: str, **detail: Any) -> None:
    HistoryEntry.objects.create(order_id=order_id, at=at, event=event, actor=actor, detail=detail)
