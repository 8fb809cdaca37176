"""Query parameters read by type; a value that cannot be used is refused by the parameter's name."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from rest_framework.request import Request

from infra.http.problems import InvalidParameter


def text(request: Request, name: str, *, longest: int = 200) -> str | None:
    """Return the parameter without spaces around it, or None when it is absent or empty."""
    value = request._request.GET.get(name, "").strip()
    if len(value) > longest:
        raise InvalidParameter(name, f"{name} may have at most {longest} characters.")
    return value or None


def number(request: Request, name: str, *, least: int, most: int, default: int) -> int:
    raw = request._request.GET.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.removeprefix("-").isdigit() and len(raw) < 20 and least <= int(raw) <= most):
        raise InvalidParameter(name, f"{name} must be a whole number from {least} to {most}.")
    return int(raw)


def choice(request: Request, name: str, allowed: Collection[str], *, default: str) -> str:
    raw = request._request.GET.get(name)
    if raw is None:
        return default
    if raw not in allowed:
        raise InvalidParameter(name, f"{name} must be one of: {', '.join(sorted(allowed))}.")
    return raw


def identifier(request: Request, name: str) -> UUID | None:
    raw = request._request.GET.get(name)
    if raw is None:
        return None
    try:
        return UUID(raw)
    except ValueError:
        raise InvalidParameter(name, f"{name} must be a UUID.") from None
