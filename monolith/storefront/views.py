"""The start page: it shows that the shop lives."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from infra.http.pagination import Page, read_cursor
from infra.http.problems import HttpProblem
from modules.catalog import queries
from modules.catalog.queries.listings import EXPRESSIONS

LONGEST_SEARCH = 200
# Only the shop's own styles, and images from wherever a product's picture is; no script, no frame.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src * data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the catalogue as a plain list, page by page, and where to go from here.

    It reads the catalog's read model directly, which the composition root may as long as the catalog lives here.
    """
    text = request.GET.get("q", "").replace("\x00", " ").strip()[:LONGEST_SEARCH]
    sort = queries.Sort.RELEVANCE if text else queries.Sort.NEWEST
    try:
        page = read_cursor(Request(request), order=queries.ORDERS[sort], filters={"q": text})
    except HttpProblem:
        return redirect("storefront:start")  # a damaged link to a page: the first one is near enough
    products = _found(text, sort, page)
    shown = products[: page.limit]
    more = None
    if len(products) > page.limit:
        query = {"after": page.cursor(shown[-1].position)} | ({"q": text} if text else {})
        more = f"?{urlencode(query)}#catalogue"
    response = render(
        request,
        "storefront/start.html",
        {
            "shop": settings.SHOP_NAME,
            "address": f"{request.scheme}://{request.get_host()}",
            "search": text,
            "products": [
                {
                    "slug": product.document.slug,
                    "name": product.document.name,
                    "vendor": product.document.vendor,
                    "image": product.document.image,
                    "image_alt": product.document.image_alt,
                    "price": product.document.price.as_text(),
                    "varies": len({variant.price.amount for variant in product.document.variants}) > 1,
                    "available": product.document.available,
                }
                for product in shown
            ],
            "more": more,
            "is_first": page.after is None,
        },
    )
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "public, no-cache"  # the same for everybody; the stock changes with each order
    return response


def _found(text: str, sort: queries.Sort, page: Page) -> list[queries.ListedProduct]:
    expression = queries.understood(text) if text else None
    if text and expression is None:
        return []
    return queries.listed_products(
        queries.Filters(currency=settings.SHOP_CURRENCY, search=expression),
        sort=sort,
        limit=page.limit + 1,
        later=page.condition(EXPRESSIONS),
    )
