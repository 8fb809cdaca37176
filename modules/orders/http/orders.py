"""Orders over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from infra.contracts import resolve
from infra.errors import DomainError
from infra.http import pagination, parameters
from infra.http.authentication import principal_of
from infra.http.idempotency.decorator import idempotent
from infra.http.permissions import IsCustomer, IsStaff
from infra.http.problems import NotAuthenticated
from infra.http.responses import Json
from infra.http.schema import page_of
from infra.http.serializers import address_from
from infra.http.views import ApiView
from modules.catalog.contract import CatalogContract
from modules.orders.contract import OrderStatus
from modules.orders.http import serializers
from modules.orders.http.presenters import order_body
from modules.orders.models import Checkout
from modules.orders.models import Order as OrderRecord
from modules.orders.queries.orders import load_history, load_lines, order_for, orders_with_details
from modules.orders.use_cases.cancelling import OrderNotFound, cancel_order
from modules.orders.use_cases.checkout import drive_checkout
from modules.orders.use_cases.checkout_record import take_over_checkout
from modules.orders.use_cases.checkout_steps import Partners
from modules.orders.use_cases.ordering import Buyer, WantedItem, earlier_order, items_of_cart, place_order
from modules.payments.contract import PaymentsContract
from modules.shipping.contract import ShippingContract
from modules.users.contract import UsersContract


def _natural_key(request: Request) -> str | None:
    """A cart is ordered once, so its id serves as the key of a request that brings none."""
    cart_id = request.data.get("cartId") if isinstance(request.data, dict) else None
    return f"cart:{cart_id}" if isinstance(cart_id, str) and cart_id.isascii() and cart_id.isprintable() else None


class Orders(ApiView):
    """Placing orders, and the list of them."""

    query_parameters = pagination.PARAMETERS | {"status"}

    def get_permissions(self) -> list[Any]:
        return [_CustomerOrStaff()] if self.request.method == "GET" else []

    @extend_schema(
        operation_id="listOrders",
        parameters=[
            OpenApiParameter("status", str, enum=[status.value for status in OrderStatus]),
        ],
        responses={200: page_of(serializers.OrderAnswer)},
    )
    def get(self, request: Request) -> HttpResponse:
        """List the customer's orders, newest first; staff see everybody's."""
        principal = principal_of(request)
        status = parameters.choice(request, "status", [status.value for status in OrderStatus], default="")
        orders = orders_with_details()
        if not principal.is_staff:
            orders = orders.filter(customer_id=principal.customer_id)
        if status:
            orders = orders.filter(status=status)
        page = pagination.read_cursor(
            request, order=("-placed_at", "-id"), filters={"who": principal.scope, "status": status}
        )
        return Json(page.envelope(page.of(orders), order_body))

    @extend_schema(
        operation_id="placeOrder",
        request=serializers.PlaceOrder,
        responses={201: serializers.OrderAnswer, 202: serializers.OrderAnswer},
    )
    @idempotent(module="orders", key_when_absent=_natural_key)
    def post(self, request: Request) -> HttpResponse:
        """Place an order from lines or a cart, and carry its checkout as far as it goes.

        201: confirmed. 202: paid or not is not known yet; follow `Location`. 402: declined. 409: sold out, or a price has
        changed, in which case nothing was ordered.
        """
        body = serializers.PlaceOrder(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        customer_id = principal_of(request).customer_id
        cart_id = asked.get("cart_id")
        key = request._request.META["infra.http.idempotency_key"]
        partners = _partners()

        checkout: Checkout | None
        try:
            items, cart = _wanted(asked, customer_id)
            order = place_order(
                buyer=_buyer(asked, customer_id),
                items=items,
                cart=cart,
                payment_method=asked["payment_method"],
                shipping_rate=asked.get("shipping_rate"),
                currency=asked.get("currency", settings.SHOP_CURRENCY),
                idempotency_key=key,
                placed_at=timezone.now(),
                catalog=partners.catalog,
                payments=partners.payments,
                shipping=partners.shipping,
            )
            checkout = order.checkout
        except DomainError:
            # A repeat whose first answer was lost: whatever has changed since, its order stands.
            earlier = earlier_order(customer_id=customer_id, idempotency_key=key, cart_id=cart_id)
            if earlier is None:
                raise
            order, checkout = earlier, take_over_checkout(order_id=earlier.id)
        if checkout is not None:
            order = drive_checkout(checkout=checkout, partners=partners)
        return _outcome(order)


class Order(ApiView):
    """One order."""

    @extend_schema(operation_id="getOrder", responses={200: serializers.OrderAnswer})
    def get(self, request: Request, order_id: UUID) -> HttpResponse:
        """Return an order: the customer's own, any for staff, and a guest's for whoever knows its unguessable id."""
        return Json(order_body(_visible(request, order_id)))


class OrderCancellation(ApiView):
    """Calling an order off."""

    @extend_schema(
        operation_id="cancelOrder", request=None, responses={200: serializers.OrderAnswer, 202: serializers.OrderAnswer}
    )
    @idempotent(module="orders", required=False)
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        """Call an order off that has not left; the money goes back. A repeat changes nothing.

        202: under way, as a partner cannot be reached at the moment; it is gone on with.
        """
        principal = principal_of(request)
        order = cancel_order(
            order_id=order_id, customer_id=principal.customer_id, by_staff=principal.is_staff, partners=_partners()
        )
        status = 200 if order.status == OrderStatus.CANCELLED.value else 202
        return Json(order_body(_visible(request, order_id)), status=status)


class _CustomerOrStaff(IsCustomer):
    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) or IsStaff().has_permission(request, view)


def _partners() -> Partners:
    return Partners(
        catalog=resolve(CatalogContract), payments=resolve(PaymentsContract), shipping=resolve(ShippingContract)
    )


def _wanted(asked: dict[str, Any], customer_id: UUID | None) -> tuple[list[WantedItem], tuple[UUID, int] | None]:
    if cart_id := asked.get("cart_id"):
        items, version = items_of_cart(cart_id=cart_id, customer_id=customer_id)
        return items, (cart_id, version)
    return [
        WantedItem(reference=item["product_id"], quantity=item["quantity"], price_seen=item.get("price"))
        for item in asked["items"]
    ], None


def _buyer(asked: dict[str, Any], customer_id: UUID | None) -> Buyer:
    """Return who buys: the signed-in customer, to one of their addresses or a new one, or a guest with both in the body."""
    users = resolve(UsersContract)
    if address_id := asked.get("shipping_address_id"):
        if customer_id is None:
            raise NotAuthenticated("Sign in to use a stored address, or send email and shippingAddress.")
        recipient = users.recipient(customer_id=customer_id, address_id=address_id)
        email = asked.get("email") or recipient.customer.email
        return Buyer(customer_id=customer_id, email=email, address=recipient.address)
    email = asked.get("email") or (users.customer(customer_id=customer_id).email if customer_id else None)
    if not email:
        raise ValidationError({"email": [ErrorDetail("A guest gives an e-mail address.", code="required")]})
    return Buyer(customer_id=customer_id, email=email, address=address_from(asked["shipping_address"]))


def _outcome(order: OrderRecord) -> HttpResponse:
    """Answer with where the order stands; a failed checkout as the problem that stopped it."""
    load_lines(order)
    load_history(order)
    location = {"Location": f"/api/v1/orders/{order.id}"}
    checkout = order.checkout
    if order.status == OrderStatus.CANCELLED.value and checkout.failure_status < 500:
        raise CheckoutFailed(order)
    status = 202 if order.status == OrderStatus.PENDING.value else 201
    return Json(order_body(order), status=status, headers=location)


class CheckoutFailed(DomainError):
    """The order came to nothing, and everything was given back.

    It carries the code, status and members of the refusal that stopped the checkout, and the order's id and number.
    """

    def __init__(self, order: OrderRecord) -> None:
        failure = order.checkout
        super().__init__(
            failure.failure_detail,
            **failure.failure_members,
            orderId=str(order.id),
            orderNumber=order.number,
        )
        self.code = failure.failure_code  # type: ignore[misc]
        self.status = failure.failure_status  # type: ignore[misc]


def _visible(request: Request, order_id: UUID) -> OrderRecord:
    principal = principal_of(request)
    order = order_for(order_id=order_id, customer_id=principal.customer_id, is_staff=principal.is_staff)
    if order is None:
        raise OrderNotFound()
    return order
