"""Address books over HTTP."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from infra.http.authentication import customer_id_of
from infra.http.pagination import PARAMETERS, read_cursor
from infra.http.permissions import IsCustomer
from infra.http.preconditions import not_modified
from infra.http.responses import Json, NoContent
from infra.http.schema import IF_MATCH, IF_NONE_MATCH, page_of
from modules.users.http import serializers
from modules.users.http.presenters import address_body
from modules.users.http.views import UsersView, unchanged, version_etag
from modules.users.queries.accounts import AddressEntry, address_of, addresses_of
from modules.users.use_cases import addresses


class Addresses(UsersView):
    """The signed-in customer's address book."""

    permission_classes = (IsCustomer,)
    query_parameters = PARAMETERS

    @extend_schema(operation_id="listAddresses", responses={200: page_of(serializers.AddressAnswer)})
    def get(self, request: Request) -> HttpResponse:
        """Return one's addresses, oldest first."""
        page = read_cursor(request, order=("address_id",))
        after = page.after[0] if page.after else None
        rows = addresses_of(customer_id_of(request), after=after, most=page.limit + 1)
        return Json(page.envelope(rows, address_body))

    @extend_schema(operation_id="addAddress", request=serializers.Address, responses={201: serializers.AddressAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Add an address, checked by the rules of its country."""
        body = serializers.Address(data=request.data)
        body.is_valid(raise_exception=True)
        entry = addresses.add_address(
            customer_id=customer_id_of(request), address=body.address(), added_at=timezone.now()
        )
        return _answer(entry, status=201, headers={"Location": f"{request.path}/{entry.address_id}"})


class Address(UsersView):
    """One address of the signed-in customer."""

    permission_classes = (IsCustomer,)

    @extend_schema(
        operation_id="getAddress",
        parameters=[IF_NONE_MATCH],
        responses={200: serializers.AddressAnswer, 304: "It has not changed since it was read."},
    )
    def get(self, request: Request, address_id: UUID) -> HttpResponse:
        """Return one of one's own addresses."""
        entry = address_of(customer_id_of(request), address_id)
        return not_modified(request, version_etag(address_id, entry.version)) or _answer(entry)

    @extend_schema(
        operation_id="changeAddress",
        parameters=[IF_MATCH],
        request=serializers.Address,
        responses={200: serializers.AddressAnswer},
    )
    def patch(self, request: Request, address_id: UUID) -> HttpResponse:
        """Change members of an address; what comes out is checked as a whole. Orders keep what it was."""
        body = serializers.Address(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        entry = addresses.change_address(
            customer_id=customer_id_of(request),
            address_id=address_id,
            changed=lambda address: replace(address, **body.validated_data),
            precondition=unchanged(request, address_id),
        )
        return _answer(entry)

    @extend_schema(operation_id="removeAddress", parameters=[IF_MATCH], responses={204: None})
    def delete(self, request: Request, address_id: UUID) -> HttpResponse:
        """Remove an address. Orders keep it."""
        addresses.remove_address(
            customer_id=customer_id_of(request), address_id=address_id, precondition=unchanged(request, address_id)
        )
        return NoContent()


def _answer(entry: AddressEntry, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    etag = version_etag(entry.address_id, entry.version)
    return Json(address_body(entry), status=status, headers={"ETag": etag, **(headers or {})})
