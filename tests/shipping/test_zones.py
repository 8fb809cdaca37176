"""Which zone answers for an address, the rates that come with the shop, and why there are none."""

from __future__ import annotations

from io import StringIO

import pytest
from babel import Locale
from django.core.management import call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from infra.money import Money
from modules.shipping.contract import NotServed
from modules.shipping.models import Rate, Zone
from modules.shipping.queries import rates
from modules.shipping.queries.why import explain
from tests.shipping.parcels import eur

pytestmark = pytest.mark.usefixtures("database")

COUNTRIES = sorted(
    code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha() and code != "ZZ"
)


def zone_at(country: str, postcode: str = "") -> str:
    return rates.zone_of(country=country, postcode=postcode).code


def test_every_country_is_served_for_nothing_in_every_currency() -> None:
    for number, country in enumerate(COUNTRIES):
        currency = ("EUR", "USD", "JPY", "KWD")[number % 4]
        cheapest = rates.quotes(country=country, postcode="", goods=Money(1, currency), weight_grams=50_000)[0]
        assert (cheapest.code, cheapest.price) == ("standard", Money.zero(currency)), country


@pytest.mark.parametrize("currency", ["EUR", "USD", "GBP", "CHF"])
@pytest.mark.parametrize("country", ["DE", "FR", "CH", "US", "AU"])
def test_express_delivery_is_paid_for(country: str, currency: str) -> None:
    standard, express = rates.quotes(country=country, postcode="", goods=Money(4000, currency), weight_grams=800)

    assert (standard.code, express.code) == ("standard", "express")
    assert express.price > standard.price
    assert express.days_max < standard.days_max


def test_free_over_a_value_and_dearer_by_weight_and_by_value() -> None:
    def express(country: str, goods: str, weight_grams: int) -> Money:
        found = rates.quotes(country=country, postcode="", goods=eur(goods), weight_grams=weight_grams)
        return next(quote.price for quote in found if quote.code == "express")

    assert [express("DE", goods, 0) for goods in ("149.99", "150.00")] == [eur("6.90"), eur("0.00")]
    assert [express("FR", "1.00", grams) for grams in (1_999, 2_000)] == [eur("12.90"), eur("16.90")]
    assert [express("CH", goods, 0) for goods in ("99.99", "100.00")] == [eur("19.90"), eur("24.90")]


@pytest.mark.parametrize(
    ("country", "postcode", "zone"),
    [
        ("ES", "38670", "remote-islands"),
        ("ES", "28013", "european-union"),
        ("PT", "9500-150", "remote-islands"),
        ("PT", "1100-148", "european-union"),
        ("ES", "", "european-union"),
        ("DE", "10119", "germany"),
        ("GB", "sw1a 1aa", "europe"),
        ("AU", "2000", "rest-of-world"),
    ],
)
def test_countries_and_postcodes_decide_on_the_zone(country: str, postcode: str, zone: str) -> None:
    assert zone_at(country, postcode) == zone


def test_of_two_zones_that_cover_a_place_the_lower_priority_answers() -> None:
    Zone.objects.create(code="berlin", name="Berlin", priority=15, countries=["DE"], only_postcodes=["DE10"])
    Zone.objects.create(code="late", name="Late", priority=25, countries=["DE"])

    assert zone_at("DE", "10119") == "berlin"
    assert zone_at("DE", "20095") == "germany"


def test_postcodes_left_out_fall_to_the_next_zone() -> None:
    Zone.objects.filter(code="germany").update(except_postcodes=["DE27498"])

    assert zone_at("DE", "27498") == "rest-of-world"
    assert zone_at("DE", "27472") == "germany"


def test_a_zone_without_rates_still_answers_for_its_places() -> None:
    Zone.objects.create(code="closed", name="Closed", priority=1, countries=["DE"])

    with pytest.raises(NotServed, match="No way of sending to Closed"):
        rates.quotes(country="DE", postcode="", goods=eur("1.00"), weight_grams=0)


def test_without_the_rest_of_the_world_other_countries_are_not_served() -> None:
    Zone.objects.filter(is_rest_of_world=True).update(is_active=False)

    with pytest.raises(NotServed, match="does not send to AU 2000"):
        rates.quotes(country="AU", postcode="2000", goods=eur("1.00"), weight_grams=0)


def test_a_quote_takes_one_statement() -> None:
    with CaptureQueriesContext(connections["shipping"]) as statements:
        rates.quotes(country="FR", postcode="75001", goods=eur("1.00"), weight_grams=0)

    assert len(statements) == 1


def test_the_explanation_gives_a_verdict_on_every_zone_and_rate() -> None:
    Rate.objects.filter(zone__code="germany", method__code="express", currency="GBP").update(is_active=False)

    explanation = explain(country="DE", postcode="10119", goods=eur("20.00"), weight_grams=40_000)

    assert [(verdict.code, verdict.answers) for verdict in explanation.zones if verdict.answers] == [("germany", True)]
    assert len(explanation.zones) == Zone.objects.count()
    reasons = {(verdict.method, verdict.currency): verdict.reason for verdict in explanation.rates}
    assert reasons["standard", None] == "Offered."
    assert "40000 g" in reasons["express", "EUR"]
    assert "in USD" in reasons["express", "USD"]
    assert "switched off" in reasons["express", "GBP"]


@pytest.mark.parametrize(("country", "postcode"), [("ES", "38670"), ("ES", "28013"), ("DE", ""), ("AU", "2000")])
def test_the_explanation_agrees_with_the_quotes(country: str, postcode: str) -> None:
    place = {"country": country, "postcode": postcode}

    explanation = explain(**place, goods=eur("20.00"), weight_grams=900)

    offered = {verdict.method: verdict.price for verdict in explanation.rates if verdict.price is not None}
    quotes = rates.quotes(**place, goods=eur("20.00"), weight_grams=900)
    assert offered == {quote.code: quote.price for quote in quotes}


def test_the_command_explains_why_there_is_no_method() -> None:
    Zone.objects.filter(is_rest_of_world=True).update(is_active=False)
    answers = {}
    for country, postcode in (("ES", "38670"), ("AU", "")):
        call_command("shipping_rates", "explain", country=country, postcode=postcode, stdout=(out := StringIO()))
        answers[country] = out.getvalue()

    assert "* remote-islands" in answers["ES"]
    assert "Of ES it covers" not in answers["ES"]
    assert "European Union" not in answers["ES"]
    assert "asked first" in answers["ES"]
    assert "AU is not among its countries." in answers["AU"]
    assert "The zone is switched off." in answers["AU"]
    assert "does not send there" in answers["AU"]
