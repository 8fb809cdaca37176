"""Editing the catalogue over HTTP, for staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from infra.http.idempotency.decorator import idempotent
from infra.http.permissions import IsStaff
from infra.http.preconditions import PreconditionFailed, etag_of, require_match
from infra.http.responses import Json
from infra.http.schema import IF_MATCH
from infra.http.views import ApiView
from modules.catalog import queries, use_cases
from modules.catalog.http import serializers
from modules.catalog.http.views import Product as PublicProduct
from modules.catalog.models import Product as StoredProduct
from modules.catalog.use_cases.products import ProductUnknown

SKU = OpenApiParameter("sku", str, OpenApiParameter.PATH)
CHANGED = "It has changed since it was read."


class Product(PublicProduct):
    """One product, which staff may edit."""

    def get_permissions(self) -> list[Any]:
        return [IsStaff()] if self.request.method == "PATCH" else []

    @extend_schema(
        operation_id="editProduct",
        parameters=[
            OpenApiParameter("reference", str, OpenApiParameter.PATH, description="The product's id."),
            IF_MATCH,
        ],
        request=serializers.EditProduct,
        responses={
            200: serializers.EditedProductAnswer,
            409: "The slug is another product's, or nothing of the product has a price.",
            412: CHANGED,
        },
    )
    def patch(self, request: Request, reference: str) -> HttpResponse:
        """Change what is given: title, description, slug, whether it is on sale. A sold piece is no change of the product."""
        body = serializers.EditProduct(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        is_published = given.pop("published", None)
        product_id = _product_id(reference)
        product = use_cases.edit_product(
            product_id, **given, is_on_sale=is_published, at=timezone.now(), allow=_unchanged(request)
        )
        return _edited(product)


class VariantPrice(ApiView):
    """What a variant costs."""

    permission_classes = (IsStaff,)

    @extend_schema(
        operation_id="setPrice",
        parameters=[SKU, IF_MATCH],
        request=serializers.SetPrice,
        responses={200: serializers.PriceAnswer, 412: "The product has changed since it was read."},
    )
    def put(self, request: Request, sku: str) -> HttpResponse:
        """Set the price in one currency; prices in others stay."""
        body = serializers.SetPrice(data=request.data)
        body.is_valid(raise_exception=True)
        use_cases.set_price(sku=sku, price=body.validated_data["price"], allow=_unchanged(request))
        return Json({"sku": sku, "price": body.validated_data["price"]})


class VariantStock(ApiView):
    """The stock of a variant."""

    permission_classes = (IsStaff,)

    @extend_schema(operation_id="getStock", parameters=[SKU], responses={200: serializers.StockAnswer})
    def get(self, request: Request, sku: str) -> HttpResponse:
        """Return what is on hand, reserved and available."""
        return _stock(queries.stock_level(sku))


class StockAdjustments(ApiView):
    """Changes of the stock."""

    permission_classes = (IsStaff,)

    @extend_schema(
        operation_id="adjustStock",
        parameters=[SKU, IF_MATCH],
        request=serializers.AdjustStock,
        responses={201: serializers.StockAnswer, 409: "Fewer would be on hand than are reserved.", 412: CHANGED},
    )
    @idempotent(module="catalog", required=False)
    def post(self, request: Request, sku: str) -> HttpResponse:
        """Add pieces to what is on hand, or take them off."""
        body = serializers.AdjustStock(data=request.data)
        body.is_valid(raise_exception=True)
        level = use_cases.adjust_stock(
            sku=sku,
            difference=body.validated_data["difference"],
            reason=use_cases.Reason(body.validated_data["reason"]),
            reference=body.validated_data["reference"],
            allow=lambda before: require_match(request, etag_of(_stock_body(before))),
        )
        return _stock(level, status=201)


def _product_id(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise ProductUnknown("Products are edited under their id.") from None


def _unchanged(request: Request) -> Callable[[StoredProduct], None]:
    """Return a check that the product still has the version in `If-Match`, whatever has become of its stock."""
    header: str | None = request._request.META.get("HTTP_IF_MATCH")

    def check(product: StoredProduct) -> None:
        if header is None or header.strip() == "*":
            return
        versions = {tag.strip('"').partition(".")[0] for tag in parse_etags(header) if not tag.startswith("W/")}
        if str(product.version) not in versions:
            etag = f'"{product.version}"'
            raise PreconditionFailed(
                "It has changed since it was read. Read it again, then decide.",
                headers={"ETag": etag},
                current_etag=etag,
            )

    return check


def _edited(product: StoredProduct) -> HttpResponse:
    body = {
        "id": product.id,
        "slug": product.slug,
        "name": product.title,
        "description": product.description,
        "published": product.is_on_sale,
        "version": product.version,
    }
    return Json(body, headers={"ETag": f'"{product.version}"'})


def _stock_body(level: queries.StockLevel) -> dict[str, object]:
    return {
        "sku": level.sku,
        "onHand": level.on_hand,
        "reserved": level.reserved,
        "available": level.available,
        "tracked": level.is_tracked,
    }


def _stock(level: queries.StockLevel, status: int = 200) -> HttpResponse:
    body = _stock_body(level)
    return Json(body, status=status, headers={"ETag": etag_of(body)})
