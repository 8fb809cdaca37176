"""Carts over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from infra.contracts import resolve
from infra.http.authentication import customer_id_of, principal_of
from infra.http.permissions import IsCustomer
from infra.http.preconditions import etag_of, require_match
from infra.http.responses import Json, NoContent
from infra.http.views import ApiView
from modules.catalog.contract import CatalogContract
from modules.orders.http import serializers
from modules.orders.http.presenters import cart_body
from modules.orders.queries.carts import PricedCart, priced_cart
from modules.orders.use_cases import carts


class Carts(ApiView):
    """Opening a cart."""

    @extend_schema(
        operation_id="openCart",
        request=serializers.OpenCart,
        responses={201: serializers.CartAnswer, 200: serializers.CartAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Open a cart. A signed-in customer has one open cart and gets that one again (200); a guest gets a new one."""
        if request.body:
            serializers.OpenCart(data=request.data).is_valid(raise_exception=True)
        customer_id = principal_of(request).customer_id
        cart, is_new = carts.open_cart(
            customer_id=customer_id, currency=settings.SHOP_CURRENCY, opened_at=timezone.now()
        )
        return _answer(_shown(cart.id, customer_id), status=201 if is_new else 200)


class Cart(ApiView):
    """One cart."""

    @extend_schema(operation_id="getCart", responses={200: serializers.CartAnswer})
    def get(self, request: Request, cart_id: UUID) -> HttpResponse:
        """Return a cart at the prices of now, with everything that stands in the way of ordering it."""
        return _answer(_shown(cart_id, principal_of(request).customer_id))


class CartLines(ApiView):
    """Adding to a cart."""

    @extend_schema(operation_id="addLine", request=serializers.AddLine, responses={201: serializers.CartAnswer})
    def post(self, request: Request, cart_id: UUID) -> HttpResponse:
        """Put pieces of a variant into the cart, on top of those of it that are there; return the cart."""
        body = serializers.AddLine(data=request.data)
        body.is_valid(raise_exception=True)
        customer_id = principal_of(request).customer_id
        carts.add_to_cart(
            cart_id=cart_id,
            customer_id=customer_id,
            reference=body.validated_data["product_id"],
            quantity=body.validated_data["quantity"],
            added_at=timezone.now(),
            catalog=resolve(CatalogContract),
        )
        return _answer(_shown(cart_id, customer_id), status=201)


class CartLine(ApiView):
    """One line of a cart."""

    @extend_schema(operation_id="changeLine", request=serializers.ChangeLine, responses={200: serializers.CartAnswer})
    def patch(self, request: Request, cart_id: UUID, line_id: UUID) -> HttpResponse:
        """Set the pieces of a line, accepting the price of now; return the cart."""
        body = serializers.ChangeLine(data=request.data)
        body.is_valid(raise_exception=True)
        customer_id = principal_of(request).customer_id
        carts.change_quantity(
            cart_id=cart_id,
            customer_id=customer_id,
            line_id=line_id,
            quantity=body.validated_data["quantity"],
            changed_at=timezone.now(),
            catalog=resolve(CatalogContract),
            precondition=_unchanged(request, cart_id),
        )
        return _answer(_shown(cart_id, customer_id))

    @extend_schema(operation_id="removeLine", responses={204: None})
    def delete(self, request: Request, cart_id: UUID, line_id: UUID) -> HttpResponse:
        """Take a line out of the cart."""
        customer_id = principal_of(request).customer_id
        carts.remove_from_cart(
            cart_id=cart_id,
            customer_id=customer_id,
            line_id=line_id,
            removed_at=timezone.now(),
            precondition=_unchanged(request, cart_id),
        )
        return NoContent()


class CartMerge(ApiView):
    """Taking a guest's cart along at sign-in."""

    permission_classes = (IsCustomer,)

    @extend_schema(
        operation_id="mergeCart",
        request=serializers.MergeCart,
        responses={200: serializers.CartAnswer, 404: "There is no such cart, or it is somebody else's."},
    )
    def post(self, request: Request) -> HttpResponse:
        """Move a guest's cart into the signed-in customer's; a repeat changes nothing. Return the customer's cart."""
        body = serializers.MergeCart(data=request.data)
        body.is_valid(raise_exception=True)
        customer_id = customer_id_of(request)
        cart = carts.merge_carts(
            guest_cart_id=body.validated_data["cart_id"], customer_id=customer_id, merged_at=timezone.now()
        )
        return _answer(_shown(cart.id, customer_id))


def _shown(cart_id: UUID, customer_id: UUID | None) -> PricedCart:
    cart = priced_cart(cart_id=cart_id, customer_id=customer_id, catalog=resolve(CatalogContract))
    if cart is None:
        raise carts.CartNotFound()
    return cart


def _answer(cart: PricedCart, *, status: int = 200) -> HttpResponse:
    return Json(cart_body(cart), status=status, headers={"ETag": _etag(cart.id, cart.version)})


def _etag(cart_id: UUID, version: int) -> str:
    return etag_of([str(cart_id), version])


def _unchanged(request: Request, cart_id: UUID) -> Callable[[int], None]:
    return lambda version: require_match(request, _etag(cart_id, version))
