"""Bodies that payments reads, and the shapes of its answers for the API's documentation."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from infra.http.idempotency.keys import WithIdempotencyKey
from infra.http.serializers import MoneyField, StrictSerializer
from modules.payments.contract import PaymentStatus


class Refund(WithIdempotencyKey):
    """What is to be given back, and why."""

    amount = MoneyField(required=False, allow_null=True, least=1, help_text="All that is left, when it is missing.")
    reason = serializers.CharField(max_length=200)


class RefundAnswer(StrictSerializer):
    """A refund as it stands. PENDING: the provider's answer was lost and is being looked up."""

    id = serializers.UUIDField()
    amount = MoneyField()
    status = serializers.ChoiceField(choices=["PENDING", "REFUNDED", "DECLINED"])
    reason = serializers.CharField()
    credit_note: Any = serializers.CharField(allow_null=True, help_text="The credit note's number, once given back.")
    created_at = serializers.DateTimeField()


class PaymentAnswer(StrictSerializer):
    """A payment as it stands."""

    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[status.value for status in PaymentStatus])
    amount = MoneyField()
    captured = MoneyField()
    refunded = MoneyField()
    method = serializers.CharField()
    refunds = RefundAnswer(many=True)
    created_at = serializers.DateTimeField()


class DocumentLine(StrictSerializer):
    """One line of a document."""

    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField()
    total = MoneyField()


class CreditNoteAnswer(StrictSerializer):
    """A credit note as it was issued."""

    number = serializers.CharField()
    issued_at = serializers.DateTimeField()
    reason = serializers.CharField()
    total = MoneyField()
    tax = MoneyField()


class InvoiceAnswer(StrictSerializer):
    """An invoice as it was issued, and the credit notes on it."""

    number = serializers.CharField()
    issued_at = serializers.DateTimeField()
    order_number = serializers.CharField()
    bill_to = serializers.DictField(child=serializers.CharField(allow_null=True))
    lines = DocumentLine(many=True)
    shipping = MoneyField()
    total = MoneyField()
    tax_rate_percent = serializers.CharField()
    tax = MoneyField(help_text="Contained in the total.")
    credit_notes = CreditNoteAnswer(many=True)
