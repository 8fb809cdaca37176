"""Money: integer minor units and an ISO 4217 code, never a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, is_currency

# No exponents, no underscores, no digits of other scripts, all of which Decimal would take.
_PLAIN_NUMBER = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?")
_MOST_MINOR_UNITS = 2**63 - 1  # what a bigint column holds


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added, subtracted or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in the currency's smallest unit: `Money(1200, "EUR")` is 12 euro, `Money(1200, "JPY")` 1200 yen."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Money takes a whole number of minor units, not {self.amount!r}.")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal amount of whole units, as price lists carry it: `Money.parse("19.90", "EUR")`.

        Raises:
            ValueError: not a plain number, too large a one, an unknown currency, or more decimals than the currency has
                (nothing is rounded away).
        """
        if not is_currency(currency):
            raise ValueError(f"{currency!r} is not an ISO 4217 currency code.")
        number = _PLAIN_NUMBER.fullmatch(text.strip())
        if number is None or not (number[2] or number[3]):
            raise ValueError(f"{text!r} is not an amount; write it like 19.90.")
        precision = get_currency_precision(currency)
        decimals = (number[3] or "").rstrip("0")
        if len(decimals) > precision:
            raise ValueError(f"{text!r} has more decimals than {currency} has.")
        digits = (number[2] + decimals.ljust(precision, "0")).lstrip("0")
        if len(digits) > len(str(_MOST_MINOR_UNITS)) or int(digits or "0") > _MOST_MINOR_UNITS:
            raise ValueError(f"{text!r} is more than can be stored.")
        return cls(int(number[1] + (digits or "0")), currency)

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
        if not isinstance(count, int):
            return NotImplemented  # a share is rounded: see `share`
        return Money(self.amount * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._in_my_currency(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._in_my_currency(other)

    def share(self, *, of: int, out_of: int) -> Money:
        """Return this amount times `of / out_of`, rounded to the nearest minor unit, halves away from zero.

        For taxes and partial refunds: the share of a refund is the negative of the share of the payment.
        """
        numerator, denominator = self.amount * of, out_of
        rounded = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
        return Money(rounded if (numerator < 0) == (denominator < 0) else -rounded, self.currency)

    def as_decimal(self) -> Decimal:
        """Return whole units: `Money(1990, "EUR")` is `Decimal("19.90")`."""
        digits = tuple(int(digit) for digit in str(abs(self.amount)))
        return Decimal((int(self.amount < 0), digits, -get_currency_precision(self.currency)))

    def as_text(self, locale: str = "en") -> str:
        """Return the amount as people of that locale write it: `€19.90`."""
        return str(format_currency(self.as_decimal(), self.currency, locale=locale))

    def _in_my_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up; convert one first.")
        return other.amount
