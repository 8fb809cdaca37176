"""What the views lead to."""

from __future__ import annotations

from typing import Any

from infra.money import Money


def buy(*, bank: Any) -> None:
    _pay(bank)


def _pay(bank: Any) -> None:
    bank.take(payment_key="k")


def look(*, bank: Any) -> None:
    bank.balance()


def pay_back(*, amount: Money) -> None:
    """Take an amount."""


def wish() -> None:
    """Commit nobody."""
