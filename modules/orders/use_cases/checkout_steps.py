"""The steps of the checkout saga, each with its way back: keyed commands of other modules, under the order's id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from infra.money import Money
from infra.postal_address import PostalAddress
from modules.catalog.contract import CatalogContract
from modules.orders.models import Order
from modules.payments.contract import InvoiceLine, PaymentOrder, PaymentsContract, PaymentStatus
from modules.shipping.contract import ParcelLine, ShippingContract

# The hold on the stock outlives a checkout's deadline by far, so that it never runs out under a live charge.
HOLD_SECONDS = 60 * 60

_STEP_TIMEOUT = timedelta(seconds=5)
_PAYMENT_TIMEOUT = timedelta(seconds=15)  # the provider is somebody else's machine


class Unfinished(Exception):
    """The step's outcome is not known yet; it is tried again later."""


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
FIRST_STEP = STEPS[0].name
# Of a confirmed order: a parcel that has left stops the cancellation before anything else is given back.
FIRST_STEP_BACK = "create_shipment"
POSITION = {step.name: position for position, step in enumerate(STEPS)}
