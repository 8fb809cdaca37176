"""The start page: it shows that the shop lives."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def start(request: HttpRequest) -> HttpResponse:
    """Show the shop's name."""
    return HttpResponse("Banyan")
