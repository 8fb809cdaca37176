"""The API described: for programs, for people, and each problem's page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from infra.errors import DomainError
from infra.http.encoding import encode
from infra.http.preconditions import etag_of, not_modified
from infra.http.responses import Json


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 description of everything under /api."""
    document, etag = _document(settings.ROOT_URLCONF)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    return not_modified(request, etag) or HttpResponse(document, content_type="application/json", headers=headers)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """A page that shows the API and tries its calls; made of local files only."""
    return render(request, "http/docs.html", {"shop_name": settings.SHOP_NAME})


@require_safe
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """What the `type` of a problem leads to."""
    for entry in catalogue():
        if entry["code"] == code:
            return _page(request, [entry])
    raise Http404


@require_safe
def problem_catalogue(request: HttpRequest) -> HttpResponse:
    """Every code that a problem may have."""
    return _page(request, catalogue())


def catalogue() -> list[dict[str, Any]]:
    """Return every known refusal: its code, status, title and explanation, by code."""
    found: dict[str, dict[str, Any]] = {}
    kinds: list[type[DomainError]] = [DomainError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        own = "code" in vars(kind)
        if own and kind is not DomainError:
            explanation = " ".join((kind.__doc__ or "").split())
            found.setdefault(
                kind.code,
                {"code": kind.code, "status": kind.status, "title": kind.title(), "explanation": explanation},
            )
    return [found[code] for code in sorted(found)]


def _page(request: HttpRequest, entries: list[dict[str, Any]]) -> HttpResponse:
    if request.accepts("text/html") and not request.META.get("HTTP_ACCEPT", "*/*").startswith("*/*"):
        return render(request, "http/problems.html", {"entries": entries, "shop_name": settings.SHOP_NAME})
    return Json({"data": entries} if len(entries) > 1 else entries[0])


@lru_cache(maxsize=8)
def _document(urlconf: str) -> tuple[bytes, str]:
    generator: Any = SchemaGenerator
    document = generator(urlconf=urlconf).get_schema(request=None, public=True)
    text = encode(document)
    return text, etag_of(text.decode())
