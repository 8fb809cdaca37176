"""Rates, shipments and tracking over HTTP."""

from __future__ import annotations

import re
from uuid import UUID

from babel import Locale
from babel.numbers import is_currency
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from infra.http import parameters
from infra.http.authentication import principal_of
from infra.http.permissions import IsStaff
from infra.http.preconditions import etag_of, not_modified, require_match
from infra.http.problems import InvalidParameter
from infra.http.responses import Json
from infra.http.schema import IF_MATCH, IF_NONE_MATCH, page_of
from infra.http.serializers import LARGEST_EXACT_NUMBER
from infra.http.views import ApiView
from infra.money import Money
from infra.postal_address import normalised_country
from modules.shipping.contract import ShipmentNotFound
from modules.shipping.gateways import the_carrier
from modules.shipping.http import serializers
from modules.shipping.http.presenters import rate_body, shipment_body, tracking_body
from modules.shipping.queries import rates, shipments
from modules.shipping.use_cases.shipments import dispatch_shipment

UNCHANGED = "It has not changed since it was read."
HEAVIEST_ASKABLE_GRAMS = 100_000_000  # a hundred tons; numbers beyond mean a mistake
COUNTRY = {"type": "string", "pattern": "^[A-Za-z]{2}$"}
POSTCODE = {"type": "string", "maxLength": 20}
GRAMS = {"type": "integer", "minimum": 0, "maximum": HEAVIEST_ASKABLE_GRAMS}
AMOUNT = {"type": "integer", "minimum": 0, "maximum": LARGEST_EXACT_NUMBER}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$"}


class Rates(ApiView):
    """What sending costs."""

    query_parameters = frozenset({"country", "postcode", "weightGrams", "amount", "currency"})

    @extend_schema(
        operation_id="listRates",
        parameters=[
            OpenApiParameter("country", COUNTRY, required=True, description="ISO 3166-1 alpha-2, such as DE."),
            OpenApiParameter("postcode", POSTCODE, description="Some rates depend on it."),
            OpenApiParameter("weightGrams", GRAMS, description="Weight of the parcel; 0 by default."),
            OpenApiParameter("amount", AMOUNT, description="Gross value of the goods in minor units; 0 by default."),
            OpenApiParameter("currency", CURRENCY, description="ISO 4217; the shop's by default."),
        ],
        responses={200: page_of(serializers.RateAnswer), 422: "The shop does not send there."},
    )
    def get(self, request: Request) -> HttpResponse:
        """List the rates for a parcel to a place, cheapest first."""
        currency = parameters.text(request, "currency") or settings.SHOP_CURRENCY
        if not is_currency(currency):
            raise InvalidParameter("currency", "currency must be an ISO 4217 code, such as EUR.")
        quotes = rates.quotes(
            country=_country(request),
            postcode=parameters.text(request, "postcode", longest=20) or "",
            goods=Money(parameters.number(request, "amount", least=0, most=LARGEST_EXACT_NUMBER, default=0), currency),
            weight_grams=parameters.number(request, "weightGrams", least=0, most=HEAVIEST_ASKABLE_GRAMS, default=0),
        )
        return Json({"data": [rate_body(quote) for quote in quotes], "next": None})


class Shipment(ApiView):
    """One shipment."""

    @extend_schema(
        operation_id="getShipment",
        parameters=[IF_NONE_MATCH],
        responses={200: serializers.ShipmentAnswer, 304: UNCHANGED},
    )
    def get(self, request: Request, shipment_id: UUID) -> HttpResponse:
        """Return a shipment: the customer's own, any for staff, a guest's for whoever knows its unguessable id."""
        shipment = shipments.shipment(shipment_id)
        principal = principal_of(request)
        if shipment.customer_id not in (None, principal.customer_id) and not principal.is_staff:
            raise ShipmentNotFound
        return _shown(request, shipment_body(shipment))


class ShipmentDispatch(ApiView):
    """Letting a parcel leave."""

    permission_classes = (IsStaff,)

    @extend_schema(
        operation_id="dispatchShipment",
        parameters=[IF_MATCH],
        request=None,
        responses={
            200: serializers.ShipmentAnswer,
            409: "The shipment was cancelled, its order is not paid yet, or the carrier sells no label for it.",
            412: "The shipment has changed since it was read.",
        },
    )
    def post(self, request: Request, shipment_id: UUID) -> HttpResponse:
        """Record that the parcel was handed to the carrier; a repeat changes nothing."""
        require_match(request, etag_of(shipment_body(shipments.shipment(shipment_id))))
        dispatch_shipment(shipment_id=shipment_id, dispatched_at=timezone.now(), carrier=the_carrier())
        body = shipment_body(shipments.shipment(shipment_id))
        return Json(body, headers={"ETag": etag_of(body)})


class Tracking(ApiView):
    """Following a parcel by its number."""

    @extend_schema(
        operation_id="trackShipment",
        parameters=[IF_NONE_MATCH],
        responses={200: serializers.TrackingAnswer, 304: UNCHANGED},
    )
    def get(self, request: Request, tracking_number: str) -> HttpResponse:
        """Return where a parcel is, to anybody who has its number; nothing of whose it is or what is in it."""
        return _shown(request, tracking_body(shipments.tracked(tracking_number)))


def _shown(request: Request, body: dict[str, object]) -> HttpResponse:
    etag = etag_of(body)
    return not_modified(request, etag) or Json(body, headers={"ETag": etag})


def _country(request: Request) -> str:
    country = normalised_country(parameters.text(request, "country") or "")
    if not re.fullmatch("[A-Z]{2}", country) or country not in _territories():
        raise InvalidParameter("country", "country must be an ISO 3166-1 code of two letters, such as DE.")
    return country


def _territories() -> frozenset[str]:
    return frozenset(Locale("en").territories)
