"""Orders and carts as the API shows them."""

from __future__ import annotations

from typing import Any

from infra.money import Money
from modules.orders.models import Order
from modules.orders.queries.carts import CartProblem, PricedCart


def money(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}


def cart_body(cart: PricedCart) -> dict[str, Any]:
    return {
        "id": cart.id,
        "state": cart.state,
        "lines": [
            {
                "id": line.id,
                "productId": line.variant_id,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unitPrice": money(line.unit_price),
                "total": money(line.total),
                "image": line.image,
                "slug": line.slug,
            }
            for line in cart.lines
        ],
        "total": money(cart.total),
        "problems": [_problem(problem) for problem in cart.problems],
    }


def _problem(problem: CartProblem) -> dict[str, Any]:
    body: dict[str, Any] = {"code": problem.code, "detail": problem.detail, "action": problem.action}
    if problem.line_id:
        body["lineId"] = problem.line_id
    if problem.available is not None:
        body["available"] = problem.available
    if problem.price_seen and problem.price_now:
        body["priceSeen"] = money(problem.price_seen)
        body["price"] = money(problem.price_now)
    return body


def order_body(order: Order) -> dict[str, Any]:
    """Present an order that was loaded by `queries.orders.orders_with_details`."""
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "email": order.email,
        "lines": [
            {
                "id": line.id,
                "productId": line.variant_id,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unitPrice": {"amount": line.unit_amount, "currency": order.currency},
                "total": {"amount": line.total_amount, "currency": order.currency},
                "image": line.image or None,
                "slug": line.slug,
            }
            for line in order.lines.all()
        ],
        "subtotal": money(order.goods),
        "shipping": money(order.shipping),
        "total": money(order.total),
        "placedAt": order.placed_at,
        "shippingAddress": order.address,
        "cancellationReason": order.cancellation_reason or None,
        "timeline": [{"at": entry.at, "event": entry.event, "detail": entry.detail} for entry in order.history.all()],
        "payment": {
            "id": order.payment_id,
            "status": order.payment_status or "PENDING",
            "method": order.payment_method,
            "amount": money(order.total),
            "refunded": {"amount": order.refunded_amount, "currency": order.currency},
        },
        "shipment": {
            "id": order.shipment_id,
            "status": order.shipment_status,
            "trackingNumber": order.tracking_number,
            "rate": order.shipping_rate,
        }
        if order.shipment_id
        else None,
    }
