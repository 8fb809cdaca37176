"""Orders as they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from modules.orders.contract import OrderStatus, OrderSummary
from modules.orders.models import HistoryEntry, Order, OrderLine


def _lines() -> Prefetch[str, QuerySet[OrderLine], str]:
    return Prefetch("lines", OrderLine.objects.order_by("position"))


def _history() -> Prefetch[str, QuerySet[HistoryEntry], str]:
    return Prefetch("history", HistoryEntry.objects.order_by("at", "id"))


def load_lines(order: Order) -> None:
    """Read an order's lines into it, unless it holds them; they never change."""
    prefetch_related_objects([order], _lines())


def load_history(order: Order) -> None:
    """Read what has happened to an order into it, unless it holds that."""
    prefetch_related_objects([order], _history())


def hold_details(order: Order, *, lines: Sequence[OrderLine], history: Sequence[HistoryEntry]) -> None:
    """Give an order that was just recorded what was recorded with it, so that nothing reads it back."""
    for name, records in (("lines", lines), ("history", history)):
        held = getattr(order, name).all()
        held._result_cache, held._prefetch_done = list(records), True
        _held(order)[name] = held


def add_history(order: Order, entries: Sequence[HistoryEntry]) -> None:
    """Add what was just recorded to the history that an order holds, if it holds one."""
    if "history" in _held(order):
        _held(order)["history"]._result_cache.extend(entries)


def orders_with_details() -> QuerySet[Order]:
    """Return orders with their lines and history in three queries, however many."""
    return Order.objects.prefetch_related(_lines(), _history())


def order_for(*, order_id: UUID, customer_id: UUID | None, is_staff: bool) -> Order | None:
    """Return an order that this buyer may see, or None; a guest's order is known by its unguessable id alone."""
    order = orders_with_details().filter(id=order_id).first()
    if order is None or not (is_staff or order.customer_id in (None, customer_id)):
        return None
    return order


def summaries(order_ids: Collection[UUID]) -> Mapping[UUID, OrderSummary]:
    """Return the orders that exist among those asked for, by id."""
    return {
        order.id: OrderSummary(
            order_id=order.id,
            number=order.number,
            status=OrderStatus(order.status),
            total=order.total,
            placed_at=order.placed_at,
        )
        for order in Order.objects.filter(id__in=order_ids)
    }


def _held(order: Order) -> dict[str, Any]:
    # Where Django's prefetching keeps what it read.
    held: dict[str, Any] = order.__dict__.setdefault("_prefetched_objects_cache", {})
    return held
