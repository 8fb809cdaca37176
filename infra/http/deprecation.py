"""Saying in time that a part of the API goes: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and `deprecated` in OpenAPI.

    class Products(ApiView):
        @deprecated(since=date(2026, 12, 1), sunset=date(2027, 6, 1), successor="/api/v2/catalog/products")
        def get(self, request: Request) -> Json: ...

`make check` lets the operation go when a release has said so and the sunset has passed (`infra/compatibility/`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import wraps
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from django.utils.http import http_date

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "deprecation"
# In OpenAPI, beside `deprecated: true`.
SINCE = "x-deprecated-since"
SUNSET = "x-sunset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """When an operation began to be discouraged, when it goes, and what to use instead."""

    since: date
    sunset: date
    successor: str | None

    def headers(self) -> dict[str, str]:
        headers = {"Deprecation": f"@{_seconds(self.since)}", "Sunset": http_date(_seconds(self.sunset))}
        return headers | ({"Link": f'<{self.successor}>; rel="successor-version"'} if self.successor else {})


def deprecated(*, since: date, sunset: date, successor: str | None = None) -> Callable[[F], F]:
    """Mark a view's method; put it above all other decorators, so that every answer says it, refusals too.

    Args:
        since: from this day on (UTC) clients are asked to move; it may lie ahead.
        sunset: on this day (UTC) the operation may go.
        successor: the address of what takes its place.

    Raises:
        ValueError: it would go before anybody was asked to move.
    """
    if sunset <= since:
        raise ValueError(f"The sunset ({sunset}) must come after the deprecation ({since}).")
    deprecation = Deprecation(since=since, sunset=sunset, successor=successor)
    headers = deprecation.headers()

    def mark(method: F) -> F:
        @wraps(method)
        def answer(view: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                response: HttpResponseBase = view.as_http(method(view, *args, **kwargs))
            except Exception as error:  # noqa: BLE001 - the view answers it as it does elsewhere
                response = view.handle_exception(error)
            for name, value in headers.items():
                earlier = response.headers.get(name) if name == "Link" else None
                response.headers[name] = f"{earlier}, {value}" if earlier else value
            return response

        answer.__dict__[_MARK] = deprecation
        return answer  # type: ignore[return-value]

    return mark


def deprecation_of(method: Any) -> Deprecation | None:
    """Return what `deprecated` recorded for a view's method."""
    found: Deprecation | None = getattr(method, _MARK, None)
    return found


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())
