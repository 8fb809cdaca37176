"""What clients send to orders, and (for the documentation) what they get."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from infra.http.serializers import MoneyField, PostalAddressSerializer, StrictSerializer
from modules.orders.contract import OrderStatus
from modules.orders.models.carts import MOST_PIECES, CartState
from modules.orders.use_cases.carts import MOST_LINES


class AddLine(StrictSerializer):
    """Pieces of a variant, by its id or SKU."""

    product_id = serializers.CharField(max_length=200, help_text="A variant's id or SKU.")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES, default=1)


class ChangeLine(StrictSerializer):
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES)


class OpenCart(StrictSerializer):
    """Nothing has to be said to open a cart."""


class MergeCart(StrictSerializer):
    cart_id = serializers.UUIDField(help_text="The guest's cart.")


class OrderItem(StrictSerializer):
    product_id = serializers.CharField(max_length=200, help_text="A variant's id or SKU.")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES)
    price = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="The unit price that the customer saw, in minor units; when it is no longer true, nothing is ordered.",
    )


class PlaceOrder(StrictSerializer):
    """Either `items` or `cartId`; either a signed-in customer's `shippingAddressId`, or `email` and `shippingAddress`."""

    items = serializers.ListField(child=OrderItem(), required=False, max_length=MOST_LINES, allow_empty=False)
    cart_id = serializers.UUIDField(required=False)
    shipping_address_id = serializers.CharField(max_length=100, required=False)
    shipping_address = PostalAddressSerializer(required=False)
    email = serializers.EmailField(max_length=254, required=False)
    payment_method = serializers.CharField(max_length=50)
    shipping_rate = serializers.CharField(
        max_length=50, required=False, help_text="A rate's code; the cheapest otherwise."
    )
    currency = serializers.ChoiceField(choices=[], required=False)
    idempotency_key = serializers.CharField(max_length=255, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["currency"] = serializers.RegexField(
            "^[A-Z]{3}$", required=False, help_text=f"Of `items`; {settings.SHOP_CURRENCY} otherwise."
        )
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        errors: dict[str, ErrorDetail] = {}
        if ("items" in attrs) == ("cart_id" in attrs):
            errors["items"] = ErrorDetail("Send either items or cartId.", code="items_or_cart")
        if ("shipping_address" in attrs) == ("shipping_address_id" in attrs):
            errors["shippingAddress"] = ErrorDetail(
                "Send either shippingAddressId (signed in) or shippingAddress.", code="one_address"
            )
        if errors:
            raise ValidationError({name: [error] for name, error in errors.items()})
        return attrs


# --- Answers, for the documentation ---


class CartLineAnswer(StrictSerializer):
    id = serializers.UUIDField()
    product_id = serializers.UUIDField(help_text="The variant's id.")
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField()
    total = MoneyField()
    image = serializers.CharField(allow_null=True)
    slug = serializers.CharField(allow_null=True)


class CartProblemAnswer(StrictSerializer):
    code = serializers.CharField()
    detail = serializers.CharField()
    action = serializers.CharField(help_text="What would mend it.")
    line_id = serializers.UUIDField(required=False)
    available = serializers.IntegerField(required=False)
    price_seen = MoneyField(required=False)
    price = MoneyField(required=False)


class CartAnswer(StrictSerializer):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=CartState.values)
    lines = CartLineAnswer(many=True)
    total = MoneyField()
    problems = CartProblemAnswer(many=True)


class TimelineEntry(StrictSerializer):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    detail = serializers.DictField()


class OrderPayment(StrictSerializer):
    id = serializers.UUIDField(allow_null=True)
    status = serializers.CharField()
    method = serializers.CharField()
    amount = MoneyField()
    refunded = MoneyField()


class OrderShipment(StrictSerializer):
    id = serializers.UUIDField()
    status = serializers.CharField()
    tracking_number = serializers.CharField()
    rate = serializers.CharField()


class OrderAddress(StrictSerializer):
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField(allow_null=True)
    city = serializers.CharField()
    region = serializers.CharField(allow_null=True)
    postcode = serializers.CharField()
    country = serializers.CharField()


class OrderAnswer(StrictSerializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=[status.value for status in OrderStatus])
    email = serializers.CharField()
    lines = CartLineAnswer(many=True)
    subtotal = MoneyField()
    shipping = MoneyField()
    total = MoneyField()
    placed_at = serializers.DateTimeField()
    shipping_address = OrderAddress()
    cancellation_reason = serializers.CharField(allow_null=True)
    timeline = TimelineEntry(many=True)
    payment = OrderPayment()
    shipment = OrderShipment(allow_null=True)
