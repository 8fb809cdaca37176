"""The saga's record: who drives it, and writes that only its present driver can make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from infra.databases.prepared import prepared_cursor
from modules.orders.models import Checkout, CheckoutState, HistoryEntry, Order
from modules.orders.queries.orders import add_history
from modules.orders.use_cases.checkout_steps import POSITION, STEPS

# A driver is thought dead when it has not moved for its step's timeout and this much more.
_GRACE = timedelta(seconds=5)


class LeaseLost(Exception):
    """Another driver took the checkout over; this one must not touch it any more."""


def lease_for(step_name: str) -> timedelta:
    """Return how long a driver may be silent while it runs that step."""
    return STEPS[POSITION[step_name]].timeout + _GRACE


def take_over_checkout(*, order_id: UUID) -> Checkout | None:
    """Lease the checkout to the caller, if it is not settled and nobody else drives it; return it, or None."""
    now = timezone.now()
    with transaction.atomic(using="orders"):
        checkout = (
            Checkout.objects.select_for_update(skip_locked=True, of=("self",))
            .exclude(state=CheckoutState.SETTLED)
            .filter(Q(lease_until=None) | Q(lease_until__lt=now), order_id=order_id)
            .first()
        )
        if checkout is None:
            return None
        checkout.fence += 1
        checkout.lease_until = now + lease_for(checkout.step)
        checkout.save(update_fields=["fence", "lease_until"])
        return checkout


def stalled_checkouts(*, most: int = 50) -> list[UUID]:
    """Return orders whose checkout nobody drives and whose next attempt is due, the longest waiting first."""
    now = timezone.now()
    return list(
        Checkout.objects.exclude(state=CheckoutState.SETTLED)
        .filter(Q(lease_until=None) | Q(lease_until__lt=now))
        .filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
        .order_by(F("next_attempt_at").asc(nulls_first=True))
        .values_list("order_id", flat=True)[:most]
    )


def write(
    checkout: Checkout,
    *,
    learnt: Mapping[str, Any] | None = None,
    events: Sequence[str] = (),
    detail: Mapping[str, Any] | None = None,
    **progress: Any,
) -> None:
    """Store a step's progress, what was learnt of the order and its history, in one statement, if the caller still drives.

    One statement is one round trip and one commit: a checkout makes four of them.

    Args:
        learnt: fields of the order.
        events: entries for the order's history, in order; `detail` goes with each.
        progress: fields of the checkout.

    Raises:
        LeaseLost: another driver holds the fence; nothing is stored.
    """
    order, facts = checkout.order, dict(detail or {})
    entries = [HistoryEntry(order=order, event=event, detail=facts) for event in events if event]
    statement, parameters = _statement(checkout, learnt or {}, entries, facts, progress)
    with prepared_cursor("orders") as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    if row is None:
        raise LeaseLost()
    for entry in entries:
        entry.at = row[0]
    add_history(order, entries)
    for record, values in ((checkout, progress), (order, learnt or {})):
        for name, value in values.items():
            setattr(record, name, value)


def _statement(
    checkout: Checkout,
    learnt: Mapping[str, Any],
    entries: Sequence[HistoryEntry],
    detail: Mapping[str, Any],
    progress: Mapping[str, Any],
) -> tuple[str, list[Any]]:
    parameters = [*_values(progress), checkout.order_id, checkout.fence, *_values(learnt)]
    if entries:
        parameters += [Jsonb(detail), [entry.id for entry in entries], [entry.event for entry in entries]]
    return _text(tuple(progress), tuple(learnt), bool(entries)), parameters


@lru_cache(maxsize=64)  # a saga has a handful of them
def _text(progress: tuple[str, ...], learnt: tuple[str, ...], with_events: bool) -> str:
    parts = [
        sql.SQL(
            "held AS (UPDATE {} SET {} WHERE order_id = %s AND fence = %s RETURNING order_id, clock_timestamp() AS at)"
        ).format(sql.Identifier(Checkout._meta.db_table), _assignments(progress))
    ]
    if learnt:
        parts.append(
            sql.SQL("learnt AS (UPDATE {} SET {} WHERE id IN (SELECT order_id FROM held))").format(
                sql.Identifier(Order._meta.db_table), _assignments(learnt)
            )
        )
    if with_events:
        parts.append(
            sql.SQL(
                "remembered AS (INSERT INTO {} (id, order_id, at, event, actor, detail)"
                " SELECT new.id, held.order_id, held.at, new.event, '', %s"
                " FROM held, unnest(%s::uuid[], %s::text[]) AS new(id, event))"
            ).format(sql.Identifier(HistoryEntry._meta.db_table))
        )
    return sql.SQL("WITH {} SELECT at FROM held").format(sql.SQL(", ").join(parts)).as_string()


def _assignments(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names)


def _values(facts: Mapping[str, Any]) -> list[Any]:
    return [Jsonb(value) if isinstance(value, dict) else value for value in facts.values()]
