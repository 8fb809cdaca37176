"""Money: integer minor units and an ISO 4217 code, never a float."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision, is_currency


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added, subtracted or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in the currency's smallest unit: `Money(1200, "EUR")` is 12 euro, `Money(1200, "JPY")` 1200 yen."""

    amount: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal amount of whole units, as price lists carry it: `Money.parse("19.90", "EUR")`.

        Raises:
            ValueError: not a number, an unknown currency, or more decimals than the currency has (nothing is rounded away).
        """
        if not is_currency(currency):
            raise ValueError(f"{currency!r} is not an ISO 4217 currency code.")
        try:
            minor_units = Decimal(text.strip()).scaleb(get_currency_precision(currency))
        except InvalidOperation:
            raise ValueError(f"{text!r} is not an amount; write it like 19.90.") from None
        if not minor_units.is_finite():
            raise ValueError(f"{text!r} is not an amount; write it like 19.90.")
        if minor_units != minor_units.to_integral_value():
            raise ValueError(f"{text!r} has more decimals than {currency} has.")
        return cls(int(minor_units), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], *, currency: str | None = None) -> Money:
        """Add up amounts of one currency; `currency` is needed only where there may be none.

        Raises:
            CurrencyMismatch: the amounts are of several currencies.
            ValueError: no amounts and no currency.
        """
        sum_so_far = None if currency is None else cls.zero(currency)
        for amount in amounts:
            sum_so_far = amount if sum_so_far is None else sum_so_far + amount
        if sum_so_far is None:
            raise ValueError("The total of no amounts needs a currency.")
        return sum_so_far

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._in_my_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._in_my_currency(other), self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._in_my_currency(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._in_my_currency(other)

    def share(self, *, of: int, out_of: int) -> Money:
        """Return this amount times `of / out_of`, rounded half up to the minor unit (taxes, partial refunds)."""
        exact = Decimal(self.amount) * of / out_of
        return Money(int(exact.to_integral_value(rounding=ROUND_HALF_UP)), self.currency)

    def as_decimal(self) -> Decimal:
        """Return whole units: `Money(1990, "EUR")` is `Decimal("19.90")`."""
        return Decimal(self.amount).scaleb(-get_currency_precision(self.currency))

    def as_text(self, locale: str = "en") -> str:
        """Return the amount as people of that locale write it: `€19.90`."""
        return str(format_currency(self.as_decimal(), self.currency, locale=locale))

    def _in_my_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up; convert one first.")
        return other.amount
