"""The checkout saga: stock reserved, payment taken, shipment created, stock sold, and all of it given back when one refuses.

Each step is a keyed command of another module, under the order's id, so that running it again changes nothing; and each way
back closes its key for good, so that a command that was thought lost and arrives late is refused. That is why a driver may die
anywhere: the next one runs the step again.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, prefetch_related_objects
from django.utils import timezone

from infra.contracts.errors import ContractError
from infra.errors import DomainError
from infra.events.outbox import publish
from infra.money import Money
from infra.postal_address import PostalAddress
from modules.catalog.contract import CatalogContract
from modules.orders.contract import OrderStatus
from modules.orders.events import OrderCancelled, OrderConfirmed, OrderedLine
from modules.orders.models import Checkout, CheckoutState, HistoryEntry, Order
from modules.payments.contract import InvoiceLine, PaymentOrder, PaymentsContract, PaymentStatus
from modules.shipping.contract import ParcelLine, ShippingContract

logger = logging.getLogger(__name__)

# A checkout that could not end by then is called off: long enough to outlive a restart of any part, short enough that nobody
# waits for an order that will not come. The hold on the stock outlives it, so that it never runs out under a live charge.
DEADLINE = timedelta(minutes=15)
HOLD_SECONDS = 60 * 60

# A driver is thought dead when it has not moved for its step's timeout and this much more.
_GRACE = timedelta(seconds=5)
_STEP_TIMEOUT = timedelta(seconds=5)
_PAYMENT_TIMEOUT = timedelta(seconds=15)  # the provider is somebody else's machine

_LONGEST_WAIT_SECONDS = 60.0  # between attempts, so that a peer that comes back is not waited for longer


class Unfinished(Exception):
    """The step's outcome is not known yet; it is tried again later."""


class LeaseLost(Exception):
    """Another driver took the checkout over; this one must not touch it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """The modules that a checkout asks."""

    catalog: CatalogContract
    payments: PaymentsContract
    shipping: ShippingContract


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the saga, with its way back.

    `run` and `undo` return what they learnt, as fields of the order to be stored with the step.
    """

    name: str
    timeout: timedelta
    run: Callable[[Order, Partners], dict[str, Any]]
    undo: Callable[[Order, Partners, str], dict[str, Any]] | None
    done_event: str  # for the order's history
    undone_event: str = ""


def _reserve_stock(order: Order, partners: Partners) -> dict[str, Any]:
    quantities = {line.variant_id: line.quantity for line in order.lines.all()}
    partners.catalog.reserve_stock(reservation_key=str(order.id), quantities=quantities, hold_seconds=HOLD_SECONDS)
    return {}


def _release_stock(order: Order, partners: Partners, reason: str) -> dict[str, Any]:
    partners.catalog.release_stock(reservation_key=str(order.id))
    return {}


def _take_payment(order: Order, partners: Partners) -> dict[str, Any]:
    lines = tuple(
        InvoiceLine(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=Money(line.unit_amount, order.currency),
            total=Money(line.total_amount, order.currency),
        )
        for line in order.lines.all()
    )
    payment = partners.payments.take_payment(
        payment_key=str(order.id),
        order=PaymentOrder(
            order_id=order.id,
            order_number=order.number,
            customer_id=order.customer_id,
            email=order.email,
            bill_to=PostalAddress(**order.address),
            lines=lines,
            shipping=order.shipping,
            total=order.total,
        ),
        method=order.payment_method,
    )
    if payment.status == PaymentStatus.PENDING:
        raise Unfinished("The payment provider's answer is not known yet.")
    return {"payment_id": payment.payment_id, "payment_status": payment.status.value}


def _return_payment(order: Order, partners: Partners, reason: str) -> dict[str, Any]:
    payment = partners.payments.return_payment(payment_key=str(order.id), reason=reason)
    if payment is None:
        return {}
    if payment.status not in (PaymentStatus.DECLINED, PaymentStatus.VOIDED, PaymentStatus.REFUNDED):
        raise Unfinished("The money is not given back yet.")
    return {
        "payment_id": payment.payment_id,
        "payment_status": payment.status.value,
        "refunded_amount": payment.refunded.amount,
    }


def _create_shipment(order: Order, partners: Partners) -> dict[str, Any]:
    shipment = partners.shipping.create_shipment(
        shipment_key=str(order.id),
        order_id=order.id,
        order_number=order.number,
        customer_id=order.customer_id,
        email=order.email,
        address=PostalAddress(**order.address),
        rate_code=order.shipping_rate,
        lines=tuple(
            ParcelLine(sku=line.sku, name=line.name, quantity=line.quantity, weight_grams=line.weight_grams)
            for line in order.lines.all()
        ),
    )
    return {
        "shipment_id": shipment.shipment_id,
        "shipment_status": shipment.status.value,
        "tracking_number": shipment.tracking_number,
    }


def _cancel_shipment(order: Order, partners: Partners, reason: str) -> dict[str, Any]:
    partners.shipping.cancel_shipment(shipment_key=str(order.id))
    return {"shipment_status": "CANCELLED"} if order.shipment_id else {}


def _commit_stock(order: Order, partners: Partners) -> dict[str, Any]:
    partners.catalog.commit_stock(reservation_key=str(order.id))
    return {}


STEPS = (
    Step(
        name="reserve_stock",
        timeout=_STEP_TIMEOUT,
        run=_reserve_stock,
        undo=_release_stock,
        done_event="stock_reserved",
        undone_event="stock_released",
    ),
    Step(
        name="take_payment",
        timeout=_PAYMENT_TIMEOUT,
        run=_take_payment,
        undo=_return_payment,
        done_event="paid",
        undone_event="payment_returned",
    ),
    Step(
        name="create_shipment",
        timeout=_STEP_TIMEOUT,
        run=_create_shipment,
        undo=_cancel_shipment,
        done_event="shipment_prepared",
        undone_event="shipment_cancelled",
    ),
    Step(name="commit_stock", timeout=_STEP_TIMEOUT, run=_commit_stock, undo=None, done_event="stock_sold"),
)
_POSITION = {step.name: position for position, step in enumerate(STEPS)}
FIRST_STEP = STEPS[0].name
_SETTLED = "settled"


def lease_for(step_name: str) -> timedelta:
    """Return how long a driver may be silent while it runs that step."""
    return (STEPS[_POSITION[step_name]].timeout if step_name in _POSITION else _STEP_TIMEOUT) + _GRACE


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


def drive_checkout(*, checkout: Checkout, partners: Partners) -> Order:
    """Carry a checkout that is leased to the caller as far as it goes.

    Returns:
        The order: CONFIRMED or CANCELLED when the checkout ended, otherwise PENDING with its next attempt planned.
    """
    order = checkout.order
    prefetch_related_objects([order], "lines")  # they never change: one reading for all steps
    try:
        while checkout.state != CheckoutState.SETTLED:
            if checkout.state == CheckoutState.RUNNING and timezone.now() >= checkout.deadline_at:
                turn_back(checkout, code="orders.checkout_timed_out", detail="The checkout took too long.", status=409)
            try:
                _run_next(checkout, order, partners)
            except DomainError as refusal:
                if checkout.state == CheckoutState.COMPENSATING:
                    _stay_confirmed(checkout, order, refusal)
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
    _write(
        checkout,
        state=CheckoutState.COMPENSATING,
        attempts=0,
        failure_code=code,
        failure_detail=detail,
        failure_status=status,
        failure_members=members or {},
        lease_until=timezone.now() + lease_for(checkout.step),
    )


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


def _run_next(checkout: Checkout, order: Order, partners: Partners) -> None:
    step = STEPS[_POSITION[checkout.step]]
    if checkout.state == CheckoutState.RUNNING:
        learnt = step.run(order, partners)
        if step is STEPS[-1]:
            _confirm(checkout, order, learnt, step.done_event)
        else:
            _advance(checkout, order, learnt, step.done_event, next_step=STEPS[_POSITION[step.name] + 1].name)
        return
    learnt = step.undo(order, partners, checkout.failure_code) if step.undo else {}
    if step is STEPS[0]:
        _cancel(checkout, order, learnt, step.undone_event)
    else:
        _advance(checkout, order, learnt, step.undone_event, next_step=STEPS[_POSITION[step.name] - 1].name)


def _advance(checkout: Checkout, order: Order, learnt: dict[str, Any], event: str, *, next_step: str) -> None:
    with transaction.atomic(using="orders"):
        _write(
            checkout,
            step=next_step,
            attempts=0,
            next_attempt_at=None,
            lease_until=timezone.now() + lease_for(next_step),
        )
        _learn(order, learnt)
        _remember(order, event)


def _confirm(checkout: Checkout, order: Order, learnt: dict[str, Any], event: str) -> None:
    with transaction.atomic(using="orders"):
        _write(checkout, state=CheckoutState.SETTLED, step=_SETTLED, lease_until=None, next_attempt_at=None)
        _learn(order, learnt | {"status": OrderStatus.CONFIRMED.value})
        _remember(order, event, "confirmed")
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


def _cancel(checkout: Checkout, order: Order, learnt: dict[str, Any], event: str) -> None:
    was_confirmed = order.status == OrderStatus.CONFIRMED.value
    with transaction.atomic(using="orders"):
        _write(checkout, state=CheckoutState.SETTLED, step=_SETTLED, lease_until=None, next_attempt_at=None)
        _learn(
            order,
            learnt | {"status": OrderStatus.CANCELLED.value, "cancellation_reason": checkout.failure_code},
        )
        _remember(order, event, "cancelled", detail={"reason": checkout.failure_code})
        publish(
            OrderCancelled(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                email=order.email,
                recipient=order.address["name"],
                reason=checkout.failure_code,
                was_confirmed=was_confirmed,
                total=order.total,
            )
        )


def _stay_confirmed(checkout: Checkout, order: Order, refusal: DomainError) -> None:
    """Give the way back up where its very first step refuses: the parcel has left, and nothing was given back yet.

    Raises:
        DomainError: the refusal itself, where something was given back already; it is logged and tried again.
    """
    if order.status != OrderStatus.CONFIRMED.value or STEPS[_POSITION[checkout.step]].run is not _create_shipment:
        raise refusal
    with transaction.atomic(using="orders"):
        _write(
            checkout,
            state=CheckoutState.SETTLED,
            step=_SETTLED,
            lease_until=None,
            next_attempt_at=None,
            failure_code=refusal.code,
            failure_detail=refusal.detail,
            failure_members=refusal.members,
            failure_status=refusal.status,
        )
        _remember(order, "cancellation_refused", detail={"reason": refusal.code})


def _try_later(checkout: Checkout, reason: str) -> None:
    attempts = checkout.attempts + 1
    wait = random.uniform(0.5, 1.0) * min(_LONGEST_WAIT_SECONDS, 2.0 ** min(attempts, 10) / 2)  # noqa: S311 jitter is no secret
    try:
        _write(
            checkout,
            attempts=attempts,
            next_attempt_at=timezone.now() + timedelta(seconds=wait),
            lease_until=None,
            last_error=reason[:2000],
        )
    except LeaseLost:
        logger.info("checkout_taken_over", extra={"order_id": str(checkout.order_id)})


def _write(checkout: Checkout, **fields: Any) -> None:
    """Store fields if the caller still holds the fence.

    Raises:
        LeaseLost: it does not; nothing is stored.
    """
    if not Checkout.objects.filter(order_id=checkout.order_id, fence=checkout.fence).update(**fields):
        raise LeaseLost()
    for name, value in fields.items():
        setattr(checkout, name, value)


def _learn(order: Order, facts: dict[str, Any]) -> None:
    if facts:
        Order.objects.filter(id=order.id).update(**facts)
        for name, value in facts.items():
            setattr(order, name, value)


def _remember(order: Order, *events: str, detail: dict[str, Any] | None = None) -> None:
    HistoryEntry.objects.bulk_create(
        HistoryEntry(order=order, at=timezone.now(), event=event, detail=detail or {}) for event in events if event
    )
