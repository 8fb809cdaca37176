"""The console's pages: for staff only, read only, and the same by keyboard and on a telephone."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from infra.boundaries.map import svg
from monolith.console.module_facts import facts_of
from monolith.console.shop_map import shop_map
from monolith.console.staff import for_staff

# The drawing carries its own styles; nothing else in it may load or run.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@for_staff
def overview(request: HttpRequest) -> HttpResponse:
    """Show the map, and the modules with what goes between them as tables."""
    shop, why_not_observed = shop_map()
    return render(
        request,
        "console/overview.html",
        {"shop": settings.SHOP_NAME, "map": shop, "why_not_observed": why_not_observed, "locations": _locations()},
    )


@for_staff
def map_drawing(request: HttpRequest) -> HttpResponse:
    return _drawing(narrow=False)


@for_staff
def narrow_map_drawing(request: HttpRequest) -> HttpResponse:
    return _drawing(narrow=True)


@for_staff
def module(request: HttpRequest, name: str) -> HttpResponse:
    """Show one module: who answers for it, what it offers and needs, and how it does."""
    manifest = next((manifest for manifest in settings.MANIFESTS if manifest.name == name), None)
    if manifest is None:
        raise Http404
    return render(
        request,
        "console/module.html",
        {"shop": settings.SHOP_NAME, "facts": facts_of(manifest), "location": _locations()[name]},
    )


def _drawing(*, narrow: bool) -> HttpResponse:
    shop, _ = shop_map()
    return HttpResponse(
        svg.written(shop, narrow=narrow),
        content_type="image/svg+xml",
        headers={"Content-Security-Policy": DRAWING_POLICY},
    )


def _locations() -> dict[str, str]:
    """Return where each module lives, as people say it."""
    return {
        name: "in this process" if location == "local" else location
        for name, location in settings.MODULE_LOCATIONS.items()
    }
