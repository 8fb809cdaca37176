"""Who is at the other end of the connection."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address_of(request: HttpRequest) -> str:
    """Return the client's network address, as the outermost of our own proxies saw it."""
    address: str = request.META.get("REMOTE_ADDR") or "unknown"
    if settings.TRUSTED_PROXIES and (forwarded := request.META.get("HTTP_X_FORWARDED_FOR")):
        # Each proxy appends whom it saw; what stands before those of our own proxies is the client's invention.
        hops = [hop.strip() for hop in forwarded.split(",")]
        address = hops[-min(settings.TRUSTED_PROXIES, len(hops))]
    return address
