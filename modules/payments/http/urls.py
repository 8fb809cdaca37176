"""Addresses of the payments module, below `/api/v1/payments/`."""

from django.urls import path

from modules.payments.http.views import InvoiceDocument, Payment, Refunds, Webhooks

app_name = "payments"
urlpatterns = [
    path("<uuid:payment_id>", Payment.as_view(), name="payment"),
    path("<uuid:payment_id>/refunds", Refunds.as_view(), name="refunds"),
    path("<uuid:payment_id>/invoice", InvoiceDocument.as_view(), name="invoice"),
    path("webhooks/<slug:provider>", Webhooks.as_view(), name="webhooks"),
]
