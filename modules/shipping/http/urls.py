"""Addresses of the shipping module, below `/api/v1/shipping/`."""

from django.urls import path

from modules.shipping.http.views import Rates, Shipment, ShipmentDispatch, Tracking

app_name = "shipping"
urlpatterns = [
    path("rates", Rates.as_view(), name="rates"),
    path("shipments/<uuid:shipment_id>", Shipment.as_view(), name="shipment"),
    path("shipments/<uuid:shipment_id>/dispatch", ShipmentDispatch.as_view(), name="dispatch"),
    path("track/<str:tracking_number>", Tracking.as_view(), name="track"),
]
