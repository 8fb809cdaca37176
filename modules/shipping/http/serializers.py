"""What clients get from shipping, for the documentation."""

from __future__ import annotations

from rest_framework import serializers

from infra.http.serializers import MoneyField, StrictSerializer
from modules.shipping.contract import ShipmentStatus

STATUSES = [status.value for status in ShipmentStatus]


class RateAnswer(StrictSerializer):
    code = serializers.CharField()
    name = serializers.CharField()
    price = MoneyField()
    days_min = serializers.IntegerField()
    days_max = serializers.IntegerField()


class ShipmentLineAnswer(StrictSerializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()


class TrackingEventAnswer(StrictSerializer):
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=STATUSES)
    description = serializers.CharField()
    location = serializers.CharField(allow_null=True)


class ShipmentAnswer(StrictSerializer):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES)
    tracking_number = serializers.CharField()
    carrier = serializers.CharField(allow_null=True, help_text="Null until the label is bought.")
    rate = serializers.CharField(help_text="The rate's code.")
    lines = ShipmentLineAnswer(many=True)
    events = TrackingEventAnswer(many=True)


class TrackingAnswer(StrictSerializer):
    tracking_number = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    carrier = serializers.CharField(allow_null=True)
    events = TrackingEventAnswer(many=True)
