"""What other modules may ask payments: to take money for an order, and to give it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from infra.contracts import command, contract, query
from infra.errors import NotFound, Refused
from infra.money import Money
from infra.postal_address import PostalAddress


class PaymentStatus(StrEnum):
    """Where a payment stands. PENDING: the provider's answer is not known yet and is being looked up."""

    PENDING = "PENDING"
    AUTHORISED = "AUTHORISED"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One line of the invoice, as it was sold."""

    sku: str
    name: str
    quantity: int
    unit_price: Money  # gross
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """What is paid for: all that the payment and its invoice need to know of the order, frozen."""

    order_id: UUID
    order_number: str
    customer_id: UUID | None  # None: a guest
    email: str
    bill_to: PostalAddress
    lines: tuple[InvoiceLine, ...]
    shipping: Money  # zero when free
    total: Money  # lines and shipping, gross: the amount to be taken


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSummary:
    """A payment as it stands."""

    payment_id: UUID
    order_id: UUID
    status: PaymentStatus
    amount: Money
    captured: Money
    refunded: Money
    method: str


class PaymentDeclined(Refused):
    """The payment was declined; no money was taken.

    Members: `reason`, the provider's, as a stable word (`insufficient_funds`, `card_declined`).
    """

    code = "payments.declined"
    status = 402


class UnknownPaymentMethod(Refused):
    """The shop does not offer this way of paying."""

    code = "payments.unknown_method"
    status = 422


class PaymentClosed(Refused):
    """The payment for this order was given back or called off; it cannot be taken any more."""

    code = "payments.closed"


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "payments.payment_not_found"


@contract("payments.v1")
class PaymentsContract(Protocol):
    """Taking money for orders and giving it back. The key of a payment is the order's id."""

    @query(timeout_seconds=2.0, errors=(UnknownPaymentMethod,))
    def check_method(self, *, method: str) -> None:
        """Check that the shop offers this way of paying, before an order is recorded.

        Raises:
            UnknownPaymentMethod: it does not; `methods` names those it offers.
        """
        ...

    @command(timeout_seconds=15.0, errors=(PaymentDeclined, UnknownPaymentMethod, PaymentClosed), key="payment_key")
    def take_payment(self, *, payment_key: str, order: PaymentOrder, method: str) -> PaymentSummary:
        """Authorise and capture the order's total, once per key.

        A repeat returns the payment as it stands and charges nothing twice; while the outcome is unknown a repeat asks the
        provider what became of the attempt (by the attempt's key), and only then tries again.

        Returns:
            CAPTURED (AUTHORISED where capture waits for dispatch), or PENDING when the provider's answer was lost.

        Raises:
            PaymentDeclined: no money was taken, now or earlier under this key.
            PaymentClosed: `return_payment` was called with this key before.
        """
        ...

    @command(timeout_seconds=15.0, errors=(), key="payment_key")
    def return_payment(self, *, payment_key: str, reason: str) -> PaymentSummary | None:
        """Give back all that was taken and is not yet given back, and close the key for ever.

        An authorisation is voided, a capture refunded (with a credit note), an unknown outcome looked up first. A key never
        used is closed, and None returned. A repeat changes nothing.

        Returns:
            The payment as it stands: PENDING when the provider could not be reached; then it is gone on with until done.
        """
        ...

    @query(timeout_seconds=2.0, errors=(PaymentNotFound,))
    def payment(self, *, payment_id: UUID) -> PaymentSummary:
        """Return one payment as it stands."""
        ...
