"""Money is exact: nothing is rounded unseen, no float gets in, no two currencies mix."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from babel.numbers import get_currency_precision
from hypothesis import assume, example, given
from hypothesis import strategies as st

from infra.money import CurrencyMismatch, Money

BIGGEST = 2**63 - 1
CURRENCIES = ["EUR", "USD", "JPY", "KWD", "CLF"]  # 2, 2, 0, 3 and 4 decimals

amounts = st.integers(-BIGGEST, BIGGEST)
currencies = st.sampled_from(CURRENCIES)
moneys = st.builds(Money, amounts, currencies)
euros = st.builds(Money, amounts, st.just("EUR"))


@given(moneys)
@example(Money(-1, "EUR"))
@example(Money(0, "JPY"))
@example(Money(10**18 + 1, "KWD"))
def test_what_is_written_out_is_read_back(money: Money) -> None:
    assert Money.parse(str(money.as_decimal()), money.currency) == money


@given(moneys)
def test_whole_units_are_the_minor_units_shifted_by_the_decimals_of_the_currency(money: Money) -> None:
    assert Fraction(money.as_decimal()) == Fraction(money.amount, 10 ** get_currency_precision(money.currency))


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [
        ("19.90", "EUR", 1990),
        ("19.9", "EUR", 1990),
        ("19", "EUR", 1900),
        ("19.9000", "EUR", 1990),
        (" 19.90 ", "EUR", 1990),
        (".5", "EUR", 50),
        ("5.", "EUR", 500),
        ("-0.01", "EUR", -1),
        ("-0", "EUR", 0),
        ("0007", "EUR", 700),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "EUR", BIGGEST),
    ],
)
def test_amounts_as_price_lists_write_them(text: str, currency: str, minor_units: int) -> None:
    assert Money.parse(text, currency) == Money(minor_units, currency)


@pytest.mark.parametrize(
    ("text", "currency", "reason"),
    [
        ("", "EUR", "not an amount"),
        (".", "EUR", "not an amount"),
        ("-", "EUR", "not an amount"),
        ("free", "EUR", "not an amount"),
        ("1,99", "EUR", "not an amount"),
        ("1,299.00", "EUR", "not an amount"),
        ("1_299", "EUR", "not an amount"),
        ("1e3", "EUR", "not an amount"),
        ("0x10", "EUR", "not an amount"),
        ("NaN", "EUR", "not an amount"),
        ("Infinity", "EUR", "not an amount"),
        ("--1", "EUR", "not an amount"),
        ("1.2.3", "EUR", "not an amount"),
        ("١٢", "EUR", "not an amount"),
        ("19.999", "EUR", "more decimals"),
        ("1.5", "JPY", "more decimals"),
        ("92233720368547758.08", "EUR", "more than can be stored"),
        ("9" * 5000, "EUR", "more than can be stored"),
        ("1", "eur", "ISO 4217"),
        ("1", "", "ISO 4217"),
        ("1", "Euro", "ISO 4217"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(text: str, currency: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Money.parse(text, currency)


@given(st.text(max_size=25), currencies)
def test_any_text_is_read_exactly_or_refused(text: str, currency: str) -> None:
    try:
        money = Money.parse(text, currency)
    except ValueError:
        return
    assert money.as_decimal() == Decimal(text.strip())


@given(st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: f"{number:f}"), currencies)
def test_any_number_is_read_exactly_or_refused(text: str, currency: str) -> None:
    try:
        money = Money.parse(text, currency)
    except ValueError:
        assume(False)
    assert Fraction(money.as_decimal()) == Fraction(text)


@given(euros, euros, euros)
def test_sums_do_not_depend_on_order_or_grouping(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == a + (b + c) == Money.total([c, b, a])
    assert a - b == a + -b == -(b - a)


@given(euros, st.integers(0, 50))
def test_times_a_count_is_that_many_added(money: Money, count: int) -> None:
    assert money * count == count * money == Money.total([money] * count, currency="EUR")


@given(euros, euros)
def test_order_is_that_of_the_amounts(a: Money, b: Money) -> None:
    assert (a < b, a <= b, a > b, a >= b) == (
        a.amount < b.amount,
        a.amount <= b.amount,
        a.amount > b.amount,
        a.amount >= b.amount,
    )


@given(euros, st.integers(-(10**6), 10**6), st.integers(1, 10**6))
@example(Money(1, "EUR"), 1, 2)
@example(Money(-1, "EUR"), 1, 2)
@example(Money(BIGGEST, "EUR"), 1, 2)
@example(Money(10**17 * 45, "EUR"), 999_999, 1_000_000)
def test_a_share_is_at_most_half_a_unit_off_and_halves_go_away_from_zero(money: Money, of: int, out_of: int) -> None:
    exact = Fraction(money.amount * of, out_of)

    share = money.share(of=of, out_of=out_of).amount

    assert abs(share - exact) <= Fraction(1, 2)
    if abs(share - exact) == Fraction(1, 2):
        assert abs(share) > abs(exact)


@given(euros, st.integers(0, 10**6), st.integers(1, 10**6))
def test_what_is_given_back_is_the_negative_of_what_was_taken(money: Money, of: int, out_of: int) -> None:
    assert -money.share(of=of, out_of=out_of) == (-money).share(of=of, out_of=out_of)


@given(euros, st.integers(1, 10**9))
def test_the_whole_share_is_the_amount(money: Money, parts: int) -> None:
    assert money.share(of=parts, out_of=parts) == money
    assert money.share(of=0, out_of=parts) == Money.zero("EUR")


def test_a_share_of_nothing_is_no_number() -> None:
    with pytest.raises(ZeroDivisionError):
        Money(100, "EUR").share(of=1, out_of=0)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__"])
def test_two_currencies_do_not_mix(operation: str) -> None:
    with pytest.raises(CurrencyMismatch, match="EUR and USD"):
        getattr(Money(1, "EUR"), operation)(Money(1, "USD"))


def test_the_same_number_in_two_currencies_is_not_the_same() -> None:
    assert Money(1, "EUR") != Money(1, "USD")


def test_a_total_of_two_currencies_is_refused_and_one_of_nothing_needs_a_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        Money.total([Money(1, "EUR"), Money(1, "USD")])
    with pytest.raises(CurrencyMismatch):
        Money.total([Money(1, "USD")], currency="EUR")
    with pytest.raises(ValueError, match="needs a currency"):
        Money.total([])
    assert Money.total([], currency="EUR") == Money(0, "EUR")


@pytest.mark.parametrize("amount", [12.5, 12.0, Decimal(12), "12", True, None])
def test_an_amount_is_a_whole_number(amount: Any) -> None:
    with pytest.raises(TypeError, match="minor units"):
        Money(amount, "EUR")


@pytest.mark.parametrize("factor", [1.5, Decimal("1.5"), Money(1, "EUR"), "2"])
def test_only_a_count_multiplies(factor: Any) -> None:
    with pytest.raises(TypeError):
        Money(100, "EUR") * factor
    with pytest.raises(TypeError):
        factor * Money(100, "EUR")


def test_people_read_an_amount_as_their_language_writes_it() -> None:
    assert Money(123456, "EUR").as_text() == "€1,234.56"
    assert Money(123456, "EUR").as_text("de") == "1.234,56\N{NO-BREAK SPACE}€"
    assert Money(1200, "JPY").as_text() == "¥1,200"
