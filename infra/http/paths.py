"""Which addresses speak JSON only."""

from __future__ import annotations

from django.http import HttpRequest

_PREFIXES = ("/api/", "/_contracts/", "/.well-known/")


def is_for_programs(request: HttpRequest) -> bool:
    """Return whether the address belongs to the API rather than to pages for people."""
    return request.path_info.startswith(_PREFIXES)


def wants_problem_details(request: HttpRequest) -> bool:
    """Return whether an error is to be answered as problem details rather than as a page."""
    if is_for_programs(request):
        return True
    accept = request.META.get("HTTP_ACCEPT", "")
    return "text/html" not in accept and "json" in accept
