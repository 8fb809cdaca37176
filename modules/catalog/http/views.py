"""The catalogue over HTTP, for everybody."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from infra.http.pagination import Page, read_cursor
from infra.http.preconditions import etag_of, not_modified
from infra.http.responses import Json
from infra.http.schema import IF_NONE_MATCH, page_of
from infra.http.serializers import LARGEST_EXACT_NUMBER
from infra.http.views import ApiView
from modules.catalog import queries
from modules.catalog.http import serializers
from modules.catalog.http.parameters import Asked, asked, currency_of
from modules.catalog.queries.documents import ProductDocument
from modules.catalog.queries.listings import EXPRESSIONS
from modules.catalog.use_cases.categories import CategoryUnknown
from modules.catalog.use_cases.products import ProductUnknown

# The same for everybody, so that caches may keep it; asked again each time, because the stock changes with each order.
PUBLIC = "public, no-cache"
AMOUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST_EXACT_NUMBER}
CURRENCY = OpenApiParameter(
    "currency", str, description="ISO 4217; the shop's by default. What has no price in it is left out."
)


class Products(ApiView):
    """What is on sale."""

    query_parameters = frozenset(
        {
            "q",
            "category",
            "attribute",
            "minPrice",
            "maxPrice",
            "available",
            "sort",
            "facets",
            "currency",
            "limit",
            "after",
        }
    )

    @extend_schema(
        operation_id="listProducts",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "maxLength": 200},
                description="Words to be found; slips of the pen are forgiven.",
            ),
            OpenApiParameter("category", str, description="A category's slug; the categories below it count in."),
            OpenApiParameter(
                "attribute",
                {"type": "array", "items": {"type": "string", "pattern": "^[^:]+:.+$"}},
                description="Like colour:Red. Of several values of one code any is found; several codes must all fit.",
            ),
            OpenApiParameter("minPrice", AMOUNT, description="In minor units, included."),
            OpenApiParameter("maxPrice", AMOUNT, description="In minor units, included."),
            OpenApiParameter("available", bool, description="true: what is in stock; false: what is sold out."),
            OpenApiParameter("sort", str, enum=list(queries.Sort), description="relevance for a search, else newest."),
            OpenApiParameter("facets", bool, description="true: count what each further choice would leave."),
            CURRENCY,
        ],
        responses={200: serializers.ProductListAnswer, 404: "There is no such category."},
    )
    def get(self, request: Request) -> HttpResponse:
        """List and search the products on sale."""
        wanted = asked(request)
        page = read_cursor(request, order=queries.ORDERS[wanted.sort], filters=_binding(request, wanted))
        found = [] if wanted.is_empty else _page(wanted, page)
        if not found and wanted.filters.category is not None and not queries.category_exists(wanted.filters.category):
            raise CategoryUnknown
        body = page.envelope(found, _document, position=_position)
        if wanted.with_facets:
            body["facets"] = queries.facets_of(wanted.filters)
        return Json(body, headers={"Cache-Control": PUBLIC})


class Product(ApiView):
    """One product."""

    query_parameters = frozenset({"currency"})

    @extend_schema(
        operation_id="getProduct",
        parameters=[
            OpenApiParameter(
                "reference", str, OpenApiParameter.PATH, description="Slug or id, or the SKU or id of a variant."
            ),
            CURRENCY,
            IF_NONE_MATCH,
        ],
        responses={
            200: serializers.ProductPageAnswer,
            301: "It has a new slug; Location leads there.",
            304: "It has not changed since it was read.",
        },
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        """Return a product on sale."""
        found = queries.product_on_sale(reference, currency=currency_of(request))
        if found is None:
            raise ProductUnknown
        if found.is_former_slug(reference):
            return _moved(request, found.slug)
        shown = found.as_json
        etag = version_tag(found.version, etag_of(shown))
        headers = {"ETag": etag, "Cache-Control": PUBLIC}
        return not_modified(request, etag) or Json(shown, headers=headers)


class Categories(ApiView):
    """The category tree."""

    @extend_schema(
        operation_id="listCategories",
        parameters=[IF_NONE_MATCH],
        responses={200: page_of(serializers.CategoryAnswer), 304: "It has not changed since it was read."},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the whole tree."""
        response = Json({"data": queries.category_tree(), "next": None}, headers={"Cache-Control": PUBLIC})
        etag = etag_of(response.content.decode())
        response.headers["ETag"] = etag
        return not_modified(request, etag) or response


def version_tag(version: int, tag: str) -> str:
    """Return an ETag of which editors need the first part only: the stock, which is in the second, is not theirs."""
    return f'"{version}.{tag[1:]}'


def _page(wanted: Asked, page: Page) -> list[queries.ListedProduct]:
    return queries.listed_products(
        wanted.filters, sort=wanted.sort, limit=page.limit + 1, later=page.condition(EXPRESSIONS)
    )


def _binding(request: Request, wanted: Asked) -> dict[str, object]:
    """Return what a cursor is good for: the same filters in the same order."""
    query = request._request.GET
    names = ("category", "minPrice", "maxPrice", "available")
    return {
        "q": wanted.text,
        "currency": wanted.filters.currency,
        "attribute": wanted.filters.facets,
        **{name: query[name] for name in names if name in query},
    }


def _document(product: queries.ListedProduct) -> ProductDocument:
    return product.document


def _position(product: queries.ListedProduct) -> tuple[object, ...]:
    return product.position


def _moved(request: Request, slug: str) -> HttpResponse:
    address = reverse("catalog:product", args=[quote(slug)])
    query = request._request.META.get("QUERY_STRING", "")
    return HttpResponse(
        status=301, headers={"Location": f"{address}?{query}" if query else address, "Cache-Control": PUBLIC}
    )
