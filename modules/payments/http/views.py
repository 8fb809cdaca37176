"""Payments, their refunds and invoices, and the door for providers' webhooks."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from infra.http.authentication import principal_of
from infra.http.idempotency.decorator import idempotent
from infra.http.idempotency.keys import idempotency_key
from infra.http.permissions import IsStaff
from infra.http.responses import Json, NoContent
from infra.http.views import ApiView
from modules.payments.http import presenters, serializers
from modules.payments.queries.documents import invoice_shown_to
from modules.payments.queries.payments import payment_shown_to
from modules.payments.use_cases.notifications import take_down_notification
from modules.payments.use_cases.refunding import refund_payment


class Payment(ApiView):
    """One payment."""

    @extend_schema(operation_id="getPayment", responses=serializers.PaymentAnswer)
    def get(self, request: Request, payment_id: UUID) -> Json:
        """Return a payment: the customer's own, any to staff, a guest's to whoever knows its id."""
        asker = principal_of(request)
        payment = payment_shown_to(payment_id, customer_id=asker.customer_id, is_staff=asker.is_staff)
        refunds: list[Any] = payment.refunds  # type: ignore[attr-defined]  # prefetched
        return Json(presenters.payment_as_json(payment, refunds))


class Refunds(ApiView):
    """The refunds of one payment."""

    permission_classes = (IsStaff,)

    @extend_schema(
        operation_id="refundPayment",
        request=serializers.Refund,
        responses={
            201: serializers.RefundAnswer,
            409: "More would be given back than was taken, or the provider refused.",
        },
    )
    @idempotent(module="payments")
    def post(self, request: Request, payment_id: UUID) -> Json:
        """Give back an amount, or all that is left; as often as something is left."""
        body = serializers.Refund(data=request.data)
        body.is_valid(raise_exception=True)

        # The same person with the same key goes on with the same refund, also when the first request died half way.
        request_key = sha256(f"{principal_of(request).scope} {idempotency_key(request)}".encode()).hexdigest()
        refund = refund_payment(
            payment_id=payment_id,
            amount=body.validated_data.get("amount"),
            reason=body.validated_data["reason"],
            request_key=request_key,
            now=timezone.now(),
        )
        return Json(presenters.refund_as_json(refund, refund.payment), status=201)


# The page carries its style in itself, so that a saved copy prints the same.
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class InvoiceDocument(ApiView):
    """The invoice of one payment."""

    media_types = ("text/html", "application/json")

    @extend_schema(
        operation_id="getInvoice",
        responses={
            (200, "application/json"): serializers.InvoiceAnswer,
            (200, "text/html"): OpenApiResponse(OpenApiTypes.STR, description="A page to print, on A4."),
        },
    )
    def get(self, request: Request, payment_id: UUID) -> HttpResponse:
        """Return the invoice and the credit notes on it, as a page to print or, with `Accept: application/json`, as data."""
        asker = principal_of(request)
        invoice, credit_notes = invoice_shown_to(payment_id, customer_id=asker.customer_id, is_staff=asker.is_staff)
        response: HttpResponse
        if request._request.get_preferred_type(self.media_types) == "application/json":
            response = Json(presenters.invoice_as_json(invoice, credit_notes))
        else:
            content = presenters.invoice_for_page(invoice, credit_notes) | {"shop_name": settings.SHOP_NAME}
            response = HttpResponse(render_to_string("payments/invoice.html", content))
            response.headers["Content-Security-Policy"] = _PAGE_POLICY
        response.headers["Vary"] = "Accept"
        return response


class Webhooks(ApiView):
    """The door for one provider's webhooks."""

    authentication_classes = ()

    @extend_schema(exclude=True)
    def post(self, request: Request, provider: str) -> NoContent:
        """Keep a signed webhook (Standard Webhooks); it is acted on within seconds."""
        http_request: HttpRequest = request._request
        headers = {name.lower(): value for name, value in http_request.headers.items()}
        take_down_notification(provider=provider, headers=headers, body=http_request.body, now=timezone.now())
        return NoContent()
