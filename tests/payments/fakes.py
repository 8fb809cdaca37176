"""Payments for tests of those who ask it: no database, the same answers (`test_contract.py` checks both)."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from infra.identifiers import new_id
from infra.money import Money
from modules.payments.contract import (
    PaymentClosed,
    PaymentDeclined,
    PaymentNotFound,
    PaymentOrder,
    PaymentStatus,
    PaymentSummary,
    UnknownPaymentMethod,
)

_METHODS = ["card", "card_declined", "card_error", "card_timeout"]


@dataclass
class _Taken:
    order: PaymentOrder
    method: str
    id: UUID = field(default_factory=new_id)
    status: PaymentStatus = PaymentStatus.PENDING
    refunded: int = 0


class FakePayments:
    """Implements PaymentsContract in memory.

    `out_of_reach` makes the provider silent: payments stay PENDING until it is False again and the call is repeated.
    """

    def __init__(self) -> None:
        self.out_of_reach = False
        self._taken: dict[str, _Taken] = {}
        self._closed: set[str] = set()

    @property
    def held(self) -> int:
        """What was taken and not given back, in minor units."""
        holding = (PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED)
        return sum(t.order.total.amount - t.refunded for t in self._taken.values() if t.status in holding)

    def held_for(self, order_id: UUID) -> int:
        """What was taken for one order and not given back, in minor units."""
        holding = (PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED)
        return sum(
            t.order.total.amount - t.refunded
            for t in self._taken.values()
            if t.order.order_id == order_id and t.status in holding
        )

    def check_method(self, *, method: str) -> None:
        if method not in _METHODS:
            raise UnknownPaymentMethod(methods=_METHODS)

    def take_payment(self, *, payment_key: str, order: PaymentOrder, method: str) -> PaymentSummary:
        taken = self._taken.get(payment_key)
        if taken is None:
            self.check_method(method=method)
            if payment_key in self._closed:
                raise PaymentClosed
            taken = self._taken[payment_key] = _Taken(order, method)
        if taken.status == PaymentStatus.PENDING and payment_key not in self._closed and not self.out_of_reach:
            taken.status = PaymentStatus.DECLINED if taken.method == "card_declined" else PaymentStatus.CAPTURED
        if taken.status == PaymentStatus.DECLINED:
            raise PaymentDeclined(reason="card_declined")
        if payment_key in self._closed:
            raise PaymentClosed
        return self._summary(taken)

    def return_payment(self, *, payment_key: str, reason: str) -> PaymentSummary | None:
        self._closed.add(payment_key)
        taken = self._taken.get(payment_key)
        if taken is None:
            return None
        if self.out_of_reach and taken.status in (PaymentStatus.PENDING, PaymentStatus.CAPTURED):
            return self._summary(taken, PaymentStatus.PENDING)
        if taken.status == PaymentStatus.PENDING:
            taken.status = PaymentStatus.VOIDED
        elif taken.status == PaymentStatus.CAPTURED:
            taken.status, taken.refunded = PaymentStatus.REFUNDED, taken.order.total.amount
        return self._summary(taken)

    def payment(self, *, payment_id: UUID) -> PaymentSummary:
        for taken in self._taken.values():
            if taken.id == payment_id:
                return self._summary(taken)
        raise PaymentNotFound

    @staticmethod
    def _summary(taken: _Taken, status: PaymentStatus | None = None) -> PaymentSummary:
        total = taken.order.total
        captured = taken.status in (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)
        return PaymentSummary(
            payment_id=taken.id,
            order_id=taken.order.order_id,
            status=status or taken.status,
            amount=total,
            captured=total if captured else Money.zero(total.currency),
            refunded=Money(taken.refunded, total.currency),
            method=taken.method,
        )
