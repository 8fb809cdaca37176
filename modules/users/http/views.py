"""What all views of users have in common."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from infra.http.client_address import client_address_of
from infra.http.preconditions import etag_of, require_match
from infra.http.problems import NotAuthenticated, TooManyRequests
from infra.http.views import ApiView
from modules.users.contract import AddressNotFound, CustomerNotFound
from modules.users.use_cases.attempts import TooManyAttempts


class NoSuchAddress(AddressNotFound):
    """The customer has no such address."""

    status = 404  # at the address's own place; others who name it in a request get 422


class UsersView(ApiView):
    """Answers the refusals of users."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Return the problem details for whatever was raised."""
        if isinstance(exc, TooManyAttempts):
            exc = TooManyRequests(exc.retry_after_seconds, exc.detail)
        elif isinstance(exc, CustomerNotFound):
            # The token outlives the account by minutes.
            exc = NotAuthenticated("This account is closed.", token_refused=True)
        elif isinstance(exc, AddressNotFound):
            exc = NoSuchAddress()
        response = super().handle_exception(exc)
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", 'Bearer realm="banyan"')
        return response


def network_address_of(request: Request | HttpRequest) -> str:
    """Return whom limits count: the client's address, or of an IPv6 address the network, for one household has 2^64 of them."""
    address = client_address_of(request)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def version_etag(id_: UUID, version: int) -> str:
    return etag_of([str(id_), version])


def unchanged(request: Request, id_: UUID) -> Callable[[int], None]:
    """Return the check of `If-Match` for a use case to call with the version it has locked."""
    return lambda version: require_match(request, version_etag(id_, version))
