"""What other modules may hear of payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events.declaration import Event
from infra.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured(Event):
    """Money was taken for an order."""

    name: ClassVar[str] = "payments.payment_captured.v1"
    stream: ClassVar[str] = "payment_id"
    payment_id: UUID
    order_id: UUID
    amount: Money
    invoice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(Event):
    """The provider refused; no money was taken."""

    name: ClassVar[str] = "payments.payment_declined.v1"
    stream: ClassVar[str] = "payment_id"
    payment_id: UUID
    order_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded(Event):
    """Money was given back, in part or in full."""

    name: ClassVar[str] = "payments.payment_refunded.v1"
    stream: ClassVar[str] = "payment_id"
    payment_id: UUID
    order_id: UUID
    amount: Money  # of this refund
    refunded: Money  # of all refunds so far
    fully: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoided(Event):
    """An authorisation was given up before any money was taken."""

    name: ClassVar[str] = "payments.payment_voided.v1"
    stream: ClassVar[str] = "payment_id"
    payment_id: UUID
    order_id: UUID
    reason: str
