"""Bands, currencies and the order of rates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.money import Money
from modules.shipping.models import RateKind
from modules.shipping.queries.rates import RateCard, ZoneCard
from tests.shipping.parcels import eur

BANDED = [RateKind.BY_WEIGHT.value, RateKind.BY_PRICE.value]
AMOUNTS = st.integers(0, 10_000)
STEPS = st.dictionaries(st.integers(1, 1_000), AMOUNTS, max_size=6).map(lambda steps: tuple(sorted(steps.items())))


def card(**changes: object) -> RateCard:
    return RateCard(
        **{"method": "express", "method_name": "Express", "kind": "FLAT", "currency": "EUR", "amount": 690} | changes  # type: ignore[arg-type]
    )


def zone(*rates: RateCard) -> ZoneCard:
    return ZoneCard(
        code="z",
        name="Zone",
        priority=1,
        countries=("DE",),
        only_postcodes=(),
        except_postcodes=(),
        is_rest_of_world=False,
        is_active=True,
        rates=rates,
    )


@given(kind=st.sampled_from(BANDED), first=AMOUNTS, steps=STEPS, measure=st.integers(0, 1_200))
def test_every_weight_and_value_lies_in_exactly_one_band(
    kind: str, first: int, steps: tuple[tuple[int, int], ...], measure: int
) -> None:
    bounds = [0, *(bound for bound, _ in steps)]
    bands = list(zip(bounds, [*bounds[1:], 10**9], [first, *(amount for _, amount in steps)], strict=True))
    rate = card(kind=kind, amount=first, steps=steps)

    price = rate.price(goods=Money(measure, "EUR"), weight_grams=measure)

    assert [Money(amount, "EUR") for low, high, amount in bands if low <= measure < high] == [price]


@pytest.mark.parametrize(("weight", "price"), [(0, 500), (999, 500), (1000, 900), (4999, 900), (5000, 1500)])
def test_a_band_begins_at_its_bound(weight: int, price: int) -> None:
    rate = card(kind="BY_WEIGHT", amount=500, steps=((1000, 900), (5000, 1500)))

    assert rate.price(goods=eur("10.00"), weight_grams=weight) == Money(price, "EUR")


@given(value=st.integers(0, 30_000))
def test_a_threshold_makes_a_rate_free_from_that_value_on(value: int) -> None:
    rate = card(amount=690, free_from=15_000)

    assert rate.price(goods=Money(value, "EUR"), weight_grams=0).amount == (0 if value >= 15_000 else 690)


@given(prices=st.lists(st.tuples(AMOUNTS, st.integers(1, 20)), min_size=1, max_size=8))
def test_rates_come_cheapest_first_then_fastest(prices: list[tuple[int, int]]) -> None:
    rates = [card(method=f"m{n}", amount=amount, days_max=days) for n, (amount, days) in enumerate(prices)]

    quotes = zone(*rates).quotes(goods=eur("10.00"), weight_grams=0)

    assert [(quote.price.amount, quote.days_max) for quote in quotes] == sorted(prices)


def test_a_rate_of_its_own_currency_comes_before_the_one_for_any() -> None:
    free = card(kind="FREE", currency=None, amount=0)
    both = zone(free, card(currency="EUR")), zone(card(currency="EUR"), free)

    for its_zone in both:
        assert [quote.price for quote in its_zone.quotes(goods=eur("1.00"), weight_grams=0)] == [eur("6.90")]
        assert [quote.price for quote in its_zone.quotes(goods=Money(100, "JPY"), weight_grams=0)] == [Money(0, "JPY")]


def test_a_rate_switched_off_leaves_its_place_to_the_one_for_any_currency() -> None:
    its_zone = zone(card(kind="FREE", currency=None, amount=0), card(currency="EUR", is_active=False))

    assert [quote.price for quote in its_zone.quotes(goods=eur("1.00"), weight_grams=0)] == [eur("0.00")]


def test_a_parcel_too_heavy_or_in_another_currency_is_not_taken() -> None:
    its_zone = zone(card(max_weight_grams=2000))

    assert its_zone.quotes(goods=eur("1.00"), weight_grams=2000)
    assert not its_zone.quotes(goods=eur("1.00"), weight_grams=2001)
    assert not its_zone.quotes(goods=Money(100, "USD"), weight_grams=0)
