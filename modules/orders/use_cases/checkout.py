"""The checkout saga: stock reserved, payment taken, shipment created, stock sold, and all of it given back when one refuses.

Each step is a keyed command of another module, under the order's id, so that running it again changes nothing; and each way
back closes its key for good, so that a command that was thought lost and arrives late is refused. That is why a driver may die
anywhere: the next one runs the step again.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from infra.contracts.errors import ContractError
from infra.errors import DomainError
from infra.events.outbox import publish
from infra.money import Money
from modules.orders.contract import OrderStatus
from modules.orders.events import OrderCancelled, OrderConfirmed, OrderedLine
from modules.orders.models import Checkout, CheckoutState, Order
from modules.orders.queries.orders import load_lines
from modules.orders.use_cases.checkout_record import LeaseLost, lease_for, write
from modules.orders.use_cases.checkout_steps import (
    FIRST_STEP_BACK,
    POSITION,
    STEPS,
    Partners,
    Unfinished,
)

logger = logging.getLogger(__name__)

# A checkout that could not end by then is called off: long enough to outlive a restart of any part, short enough that nobody
# waits for an order that will not come.
DEADLINE = timedelta(minutes=15)

_LONGEST_WAIT_SECONDS = 60.0  # between attempts, so that a peer that comes back is not waited for longer
_SETTLED: dict[str, Any] = {"state": CheckoutState.SETTLED.value, "lease_until": None, "next_attempt_at": None}


def drive_checkout(*, checkout: Checkout, partners: Partners) -> Order:
    """Carry a checkout that is leased to the caller as far as it goes.

    Returns:
        The order: CONFIRMED or CANCELLED when the checkout ended, otherwise PENDING with its next attempt planned.
    """
    order = checkout.order
    load_lines(order)  # one reading for all steps
    try:
        while checkout.state != CheckoutState.SETTLED:
            if checkout.state == CheckoutState.RUNNING and timezone.now() >= checkout.deadline_at:
                turn_back(checkout, code="orders.checkout_timed_out", detail="The checkout took too long.", status=409)
            try:
                _run_next(checkout, partners)
            except DomainError as refusal:
                if checkout.state == CheckoutState.COMPENSATING:
                    _stay_confirmed(checkout, refusal)
                    break
                turn_back(
                    checkout,
                    code=refusal.code,
                    detail=refusal.detail,
                    status=refusal.status,
                    members=refusal.members,
                )
    except LeaseLost:
        order.refresh_from_db()
    except (Unfinished, ContractError) as reason:
        _try_later(checkout, str(reason))
    except Exception as defect:
        # A defect in a step must not leave the order in limbo: it is logged, retried, and compensated at the deadline.
        logger.exception("checkout_step_failed", extra={"order_id": str(order.id), "step": checkout.step})
        _try_later(checkout, repr(defect))
    return order


def turn_back(
    checkout: Checkout, *, code: str, detail: str, status: int, members: dict[str, Any] | None = None
) -> None:
    """Start the way back with the present step: its outcome may be unknown, and undoing what never was is harmless.

    Raises:
        LeaseLost: the caller does not hold the checkout's lease any more; nothing is stored.
    """
    write(
        checkout,
        state=CheckoutState.COMPENSATING.value,
        attempts=0,
        failure_code=code,
        failure_detail=detail,
        failure_status=status,
        failure_members=members or {},
        lease_until=timezone.now() + lease_for(checkout.step),
    )


def _run_next(checkout: Checkout, partners: Partners) -> None:
    position = POSITION[checkout.step]
    step, order = STEPS[position], checkout.order
    if checkout.state == CheckoutState.RUNNING:
        learnt = step.run(order, partners)
        if step is STEPS[-1]:
            _confirm(checkout, learnt, step.done_event)
        else:
            _advance(checkout, learnt, step.done_event, next_step=STEPS[position + 1].name)
        return
    learnt = step.undo(order, partners, checkout.failure_code) if step.undo else {}
    if step is STEPS[0]:
        _cancel(checkout, learnt, step.undone_event)
    else:
        _advance(checkout, learnt, step.undone_event, next_step=STEPS[position - 1].name)


def _advance(checkout: Checkout, learnt: dict[str, Any], event: str, *, next_step: str) -> None:
    write(
        checkout,
        learnt=learnt,
        events=[event],
        step=next_step,
        attempts=0,
        next_attempt_at=None,
        lease_until=timezone.now() + lease_for(next_step),
    )


def _confirm(checkout: Checkout, learnt: dict[str, Any], event: str) -> None:
    order = checkout.order
    with transaction.atomic(using="orders"):
        confirmed = learnt | {"status": OrderStatus.CONFIRMED.value}
        write(checkout, learnt=confirmed, events=[event, "confirmed"], **_SETTLED)
        publish(
            OrderConfirmed(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                email=order.email,
                recipient=order.address["name"],
                lines=tuple(
                    OrderedLine(
                        variant_id=line.variant_id,
                        product_id=line.product_id,
                        sku=line.sku,
                        name=line.name,
                        quantity=line.quantity,
                        total=Money(line.total_amount, order.currency),
                    )
                    for line in order.lines.all()
                ),
                shipping=order.shipping,
                total=order.total,
            )
        )


def _cancel(checkout: Checkout, learnt: dict[str, Any], event: str) -> None:
    order, reason = checkout.order, checkout.failure_code
    was_confirmed = order.status == OrderStatus.CONFIRMED.value
    with transaction.atomic(using="orders"):
        cancelled = learnt | {"status": OrderStatus.CANCELLED.value, "cancellation_reason": reason}
        write(checkout, learnt=cancelled, events=[event, "cancelled"], detail={"reason": reason}, **_SETTLED)
        publish(
            OrderCancelled(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                email=order.email,
                recipient=order.address["name"],
                reason=reason,
                was_confirmed=was_confirmed,
                total=order.total,
            )
        )


def _stay_confirmed(checkout: Checkout, refusal: DomainError) -> None:
    """Give the way back up where its very first step refuses: the parcel has left, and nothing was given back yet.

    Raises:
        DomainError: the refusal itself, where something was given back already; it is logged and tried again.
    """
    if checkout.order.status != OrderStatus.CONFIRMED.value or checkout.step != FIRST_STEP_BACK:
        raise refusal
    write(
        checkout,
        events=["cancellation_refused"],
        detail={"reason": refusal.code},
        failure_code=refusal.code,
        failure_detail=refusal.detail,
        failure_members=refusal.members,
        failure_status=refusal.status,
        **_SETTLED,
    )


def _try_later(checkout: Checkout, reason: str) -> None:
    attempts = checkout.attempts + 1
    jitter = random.uniform(0.5, 1.0)  # noqa: S311 # so that orders that failed together do not come back together
    wait = jitter * min(_LONGEST_WAIT_SECONDS, 2.0 ** min(attempts, 10) / 2)
    try:
        write(
            checkout,
            attempts=attempts,
            next_attempt_at=timezone.now() + timedelta(seconds=wait),
            lease_until=None,
            last_error=reason[:2000],
        )
    except LeaseLost:
        logger.info("checkout_taken_over", extra={"order_id": str(checkout.order_id)})
