"""The start page: it shows that the shop lives."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from infra.contracts import resolve
from modules.catalog.contract import CatalogContract, InvalidPage

PRODUCTS = 20
LONGEST_SEARCH = 200
# Only the shop's own styles, and images from wherever a product's picture is; no script, no frame.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src * data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the catalogue as a plain list, page by page, and where to go from here."""
    text = request.GET.get("q", "").replace("\x00", " ").strip()[:LONGEST_SEARCH]
    after = request.GET.get("after")
    catalog = resolve(CatalogContract)
    try:
        page = catalog.browse(text=text, currency=settings.SHOP_CURRENCY, after=after, limit=PRODUCTS)
    except InvalidPage:
        return redirect("storefront:start")  # a damaged link to a page: the first one is near enough
    query = {"after": page.next} | ({"q": text} if text else {})
    response = render(
        request,
        "storefront/start.html",
        {
            "shop": settings.SHOP_NAME,
            "address": f"{request.scheme}://{request.get_host()}",
            "search": text,
            "products": page.products,
            "more": f"?{urlencode(query)}#catalogue" if page.next else None,
            "is_first": after is None,
        },
    )
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "public, no-cache"  # the same for everybody; the stock changes with each order
    return response
