"""A small API to try the plumbing on: views, and the effects that they had."""

from __future__ import annotations

import threading
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from infra.contracts.context import current
from infra.contracts.errors import ContractTimeout, ContractUnavailable, ContractViolation
from infra.errors import DomainError, NotFound, Refused
from infra.http import parameters, urls
from infra.http.authentication import customer_id_of, principal_of
from infra.http.idempotency.decorator import idempotent
from infra.http.idempotency.keys import WithIdempotencyKey, idempotency_key
from infra.http.idempotency.models import IdempotencyKey
from infra.http.pagination import PARAMETERS, read_cursor
from infra.http.permissions import IsCustomer, IsStaff
from infra.http.preconditions import etag_of, not_modified, require_match
from infra.http.problems import TooManyRequests
from infra.http.responses import Json, NoContent
from infra.http.schema import IF_MATCH, IF_NONE_MATCH, page_of
from infra.http.serializers import MoneyField, PostalAddressSerializer, StrictSerializer
from infra.http.views import ApiView
from infra.observability import urls as observability_urls


class Declined(DomainError):
    """The card was declined."""

    code = "shop.declined"
    status = 402


class SoldOut(Refused):
    """There is not so much of it."""

    code = "shop.sold_out"


class NoSuchCart(NotFound):
    """There is no such cart."""

    code = "shop.no_such_cart"


class LineBody(StrictSerializer):
    product_id = serializers.CharField(max_length=64)
    quantity = serializers.IntegerField(min_value=1, max_value=99)


class OrderBody(WithIdempotencyKey):
    items = serializers.ListField(child=LineBody(), min_length=1, max_length=100)
    shipping_address = PostalAddressSerializer(required=False)
    largest_total = MoneyField(required=False)
    customer_note = serializers.CharField(required=False, max_length=200)
    outcome = serializers.CharField(required=False, max_length=20)

    def validate_customer_note(self, value: str) -> str:
        if "forbidden" in value:
            raise serializers.ValidationError("Not this word.", code="forbidden_word")
        return value


class OrderShape(StrictSerializer):
    number = serializers.IntegerField()
    items = LineBody(many=True)


class RowShape(StrictSerializer):
    key = serializers.CharField()


class TextShape(StrictSerializer):
    text = serializers.CharField()


class Effects:
    """What the views did, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.orders: list[str] = []
        self.hold: threading.Event | None = None  # an order waits for it, when there is one
        self.started = threading.Event()

    def place(self, key: str) -> int:
        with self._lock:
            self.orders.append(key)
            number = len(self.orders)
        self.started.set()
        if self.hold is not None:
            assert self.hold.wait(60)
        return number


effects = Effects()


class Orders(ApiView):
    @extend_schema(request=OrderBody, responses={201: OrderShape, 402: "The card was declined."})
    @idempotent(module="orders")
    def post(self, request: Request) -> Json:
        """Place an order."""
        body = OrderBody(data=request.data)
        body.is_valid(raise_exception=True)
        number = effects.place(idempotency_key(request))
        match body.validated_data.get("outcome"):
            case "declined":
                raise Declined(order_number=number)
            case "sold out":
                raise SoldOut("Only two are left.", lines_affected=[{"productId": "P-1", "available": 2}])
            case "no cart":
                raise NoSuchCart
            case "failure":
                raise ZeroDivisionError("secret detail")
            case "unavailable":
                raise ContractUnavailable("catalog")
            case "timeout":
                raise ContractTimeout("catalog")
            case "violation":
                raise ContractViolation("secret detail")
            case "limited":
                raise TooManyRequests(7)
        items = [
            {"productId": line["product_id"], "quantity": line["quantity"]} for line in body.validated_data["items"]
        ]
        answer = {"number": number, "items": items}
        return Json(answer, status=201, headers={"Location": f"/api/v1/orders/{number}", "ETag": etag_of(number)})


class Notes(ApiView):
    """Idempotent where the client wants it; keeps its keys with orders, too."""

    @extend_schema(request=None, responses={200: RowShape})
    @idempotent(module="orders", required=False)
    def put(self, request: Request, name: str) -> Json:
        effects.place(name)
        return Json({"key": name})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> NoContent:
        effects.place(f"delete {name}")
        return NoContent()


class Carts(ApiView):
    """Falls back to a natural key."""

    @extend_schema(request=WithIdempotencyKey, responses={201: RowShape})
    @idempotent(module="orders", key_when_absent=lambda request: request.query_params.get("cart") or "cart-1")
    def post(self, request: Request) -> Response:
        return Response({"key": str(effects.place(idempotency_key(request)))}, status=201)


class Rows(ApiView):
    query_parameters = PARAMETERS | {"status", "flag", "owner"}

    @extend_schema(responses=page_of(RowShape))
    def get(self, request: Request) -> Json:
        """List what is there."""
        status = parameters.number(request, "status", least=200, most=499, default=201)
        parameters.choice(request, "flag", ("on", "off"), default="on")
        parameters.identifier(request, "owner")
        page = read_cursor(request, order=("-claimed_at", "id"), filters={"status": status})
        rows = page.of(IdempotencyKey.objects.using("orders").filter(principal="rows"))
        return Json(page.envelope(rows, lambda row: {"key": row.key}))


class Document(ApiView):
    """One resource that can be edited."""

    text: ClassVar[dict[str, str]] = {"text": "first"}

    @extend_schema(parameters=[IF_NONE_MATCH], responses={200: TextShape, 304: None})
    def get(self, request: Request) -> HttpResponse:
        etag = etag_of(self.text)
        return not_modified(request, etag) or Json(self.text, headers={"ETag": etag})

    @extend_schema(parameters=[IF_MATCH], request=RowShape, responses={200: TextShape})
    def patch(self, request: Request) -> Json:
        require_match(request, etag_of(self.text))
        self.text["text"] += "!"
        return Json(self.text, headers={"ETag": etag_of(self.text)})


class Me(ApiView):
    permission_classes = (IsCustomer,)

    @extend_schema(responses=RowShape)
    def get(self, request: Request) -> Json:
        return Json({"key": customer_id_of(request), "email": principal_of(request).email})


class Desk(ApiView):
    permission_classes = (IsStaff,)

    @extend_schema(responses=RowShape)
    def get(self, request: Request) -> Json:
        return Json({"key": principal_of(request).email})

    @extend_schema(request=RowShape, responses=RowShape)
    def post(self, request: Request) -> Json:
        return Json({"key": "changed"})


class Anybody(ApiView):
    @extend_schema(responses=RowShape)
    def get(self, request: Request, id_: UUID | None = None) -> Json:
        context = current()
        return Json({"key": principal_of(request).scope, "trace": context.traceparent})


class SignIn(ApiView):
    authentication_classes = ()

    @extend_schema(request=RowShape, responses=RowShape)
    def post(self, request: Request) -> Json:
        body = RowShape(data=request.data)
        body.is_valid(raise_exception=True)
        return Json(body.validated_data)


class Invoice(ApiView):
    media_types = ("text/html",)

    @extend_schema(responses={(200, "text/html"): str})
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse("<p>Invoice</p>")


def broken(request: Any) -> HttpResponse:
    raise ZeroDivisionError("secret detail")


urlpatterns = [
    *urls.urlpatterns,
    *observability_urls.urlpatterns,
    path("api/v1/orders", Orders.as_view()),
    path("api/v1/orders/notes/<str:name>", Notes.as_view()),
    path("api/v1/orders/carts", Carts.as_view()),
    path("api/v1/orders/rows", Rows.as_view()),
    path("api/v1/catalog/rows", Rows.as_view()),
    path("api/v1/catalog/document", Document.as_view()),
    path("api/v1/users/me", Me.as_view()),
    path("api/v1/users/anybody", Anybody.as_view()),
    path("api/v1/users/anybody/<uuid:id_>", Anybody.as_view()),
    path("api/v1/users/sign-in", SignIn.as_view()),
    path("api/v1/payments/desk", Desk.as_view()),
    path("api/v1/payments/invoice", Invoice.as_view()),
    path("api/v1/broken", broken),
    path("broken", broken),
]

handler400 = "infra.http.error_pages.bad_request"
handler403 = "infra.http.error_pages.permission_denied"
handler404 = "infra.http.error_pages.page_not_found"
handler500 = "infra.http.error_pages.server_error"
