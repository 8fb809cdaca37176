"""Visitors of the API for schemathesis: who they are, and what they know of a shop in which something was bought."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.money import Money
from tests.api import Api, make_token
from tests.catalog import factories
from tests.journeys.shopping import HOME, PASSWORD, background_work

EMAIL = "anna@example.com"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends the requests.

    Args:
        kind: "guest", "customer" or "staff".
        knows: values of the parameters in paths, by name.
        says: a body that works, by operation.
    """

    kind: str
    headers: dict[str, str]
    knows: dict[str, str]
    says: dict[str, Any]


def visitor(kind: str) -> Visitor:
    """Open a shop, buy something in it, put something into a cart, and return a visitor who knows all that."""
    lamp = factories.product("Ceramic Table Lamp", price=Money(1990, "EUR"), on_hand=100_000)
    tokens = _registered()
    known = Api().with_token(tokens["access"]).get("/api/v1/users/me").json()
    customer = Api().as_customer(UUID(known["id"]), email=EMAIL)
    buyer = Api() if kind == "guest" else customer
    order, called_off = _order(buyer, lamp.sku, "first"), _order(buyer, lamp.sku, "second")
    background_work()
    cart = _cart(buyer, lamp.sku)
    token = make_token(staff=True, exp=int(time.time()) + 3600) if kind == "staff" else buyer.token
    return Visitor(
        kind,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        knows={
            "order_id": called_off["id"],
            "payment_id": order["payment"]["id"],
            "shipment_id": order["shipment"]["id"],
            "tracking_number": order["shipment"]["trackingNumber"],
            "cart_id": cart["id"],
            "line_id": cart["lines"][0]["id"],
            "address_id": customer.post("/api/v1/users/me/addresses", HOME).json()["id"],
            "sku": lamp.sku,
            "reference": str(lamp.product_id),
        },
        says={
            "placeOrder": _order_body(lamp.sku, "as-the-description-says"),
            "addLine": {"productId": lamp.sku, "quantity": 1},
            "changeLine": {"quantity": 2},
            "mergeCart": {"cartId": _cart(Api(), lamp.sku)["id"]},
            "refundPayment": {
                "amount": {"amount": 100, "currency": "EUR"},
                "reason": "Scratched",
                "idempotencyKey": "r",
            },
            "editProduct": {"title": "Ceramic Lamp"},
            "register": {"email": "ben@example.com", "password": PASSWORD, "name": "Ben"},
            "signIn": {"email": EMAIL, "password": PASSWORD},
            "refreshTokens": {"refresh": tokens["refresh"]},
            "addAddress": HOME,
            "changeAddress": {"name": "Anna B. Berg"},
            "changePreferences": {"locale": "de-DE"},
        },
    )


def _registered() -> dict[str, Any]:
    Api().post("/api/v1/users/register", {"email": EMAIL, "password": PASSWORD, "name": "Anna Berg"})
    tokens: dict[str, Any] = Api().post("/api/v1/users/tokens", {"email": EMAIL, "password": PASSWORD}).json()
    return tokens


def _order(buyer: Api, sku: str, key: str) -> dict[str, Any]:
    order: dict[str, Any] = buyer.post("/api/v1/orders", _order_body(sku, key)).json()
    return order


def _order_body(sku: str, key: str) -> dict[str, Any]:
    return {
        "items": [{"productId": sku, "quantity": 1, "price": 1990}],
        "email": EMAIL,
        "shippingAddress": HOME,
        "paymentMethod": "card",
        "idempotencyKey": key,
    }


def _cart(buyer: Api, sku: str) -> dict[str, Any]:
    opened = buyer.post("/api/v1/orders/carts").json()
    lines = f"/api/v1/orders/carts/{opened['id']}/lines"
    cart: dict[str, Any] = buyer.post(lines, {"productId": sku, "quantity": 1}).json()
    return cart
