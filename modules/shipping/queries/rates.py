"""What sending costs, and why.

Exactly one zone answers for an address: of the active zones that cover it the one with the lowest priority; the rest of
the world is asked after all others. In that zone each method has at most one price: its rate in the currency of the
goods, else its rate for any currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet

from infra.databases.prepared import prepared_cursor
from infra.money import Money
from infra.postal_address import PostalAddress, normalised, problems_of
from modules.shipping.contract import InvalidAddress, NotServed, RateQuote, UnknownRate
from modules.shipping.models import RateKind, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """One rate, with everything that its price depends on."""

    method: str
    method_name: str
    kind: str
    currency: str | None  # None: any
    amount: int
    free_from: int | None = None
    max_weight_grams: int | None = None
    days_min: int = 1
    days_max: int = 1
    is_active: bool = True
    steps: tuple[tuple[int, int], ...] = ()  # (from, amount), ascending

    def price(self, *, goods: Money, weight_grams: int) -> Money:
        """Return what a parcel costs; the rate must be in the currency of the goods, or in any."""
        if self.free_from is not None and goods.amount >= self.free_from:
            return Money.zero(goods.currency)
        measure = {RateKind.BY_WEIGHT.value: weight_grams, RateKind.BY_PRICE.value: goods.amount}.get(self.kind, 0)
        reached = [amount for bound, amount in self.steps if bound <= measure]
        return Money(reached[-1] if reached else self.amount, goods.currency)

    def takes(self, weight_grams: int) -> bool:
        """Return whether a parcel is light enough."""
        return self.max_weight_grams is None or weight_grams <= self.max_weight_grams

    def objection(self, *, goods: Money, weight_grams: int) -> str | None:
        """Return why this rate does not apply to a parcel, or None where it does."""
        if not self.is_active:
            return "The rate or its method is switched off."
        if self.currency not in (None, goods.currency):
            return f"The rate is in {self.currency}, the goods are in {goods.currency}."
        if not self.takes(weight_grams):
            return f"The parcel weighs {weight_grams} g, the rate ends at {self.max_weight_grams} g."
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCard:
    """One zone with its rates."""

    code: str
    name: str
    priority: int
    countries: tuple[str, ...]
    only_postcodes: tuple[str, ...]
    except_postcodes: tuple[str, ...]
    is_rest_of_world: bool
    is_active: bool
    rates: tuple[RateCard, ...] = ()

    def objection(self, *, country: str, postcode: str) -> str | None:
        """Return why this zone does not cover a place, or None where it does. The postcode is a bare one."""
        if not self.is_active:
            return "The zone is switched off."
        if self.is_rest_of_world:
            return None
        if country not in self.countries:
            return f"{country} is not among its countries."
        place = country + postcode
        only = [prefix for prefix in self.only_postcodes if prefix.startswith(country)]
        if only and not place.startswith(tuple(only)):
            return f"Of {country} it covers only the postcodes {', '.join(sorted(only))}."
        excepted = next((prefix for prefix in self.except_postcodes if place.startswith(prefix)), None)
        return f"It leaves out the postcodes {excepted}." if excepted else None

    def deciding_rates(self, currency: str) -> Mapping[str, RateCard]:
        """Return the one rate by which each method is priced in a currency, by method."""
        chosen: dict[str, RateCard] = {}
        for rate in self.rates:
            if rate.is_active and rate.currency in (None, currency):
                rival = chosen.get(rate.method)
                chosen[rate.method] = rate if rival is None or rival.currency is None else rival
        return chosen

    def quotes(self, *, goods: Money, weight_grams: int) -> tuple[RateQuote, ...]:
        """Return what each method costs here for a parcel, cheapest first, then fastest."""
        offered = [
            RateQuote(
                code=rate.method,
                name=rate.method_name,
                price=rate.price(goods=goods, weight_grams=weight_grams),
                days_min=rate.days_min,
                days_max=rate.days_max,
            )
            for rate in self.deciding_rates(goods.currency).values()
            if rate.objection(goods=goods, weight_grams=weight_grams) is None
        ]
        return tuple(sorted(offered, key=lambda quote: (quote.price.amount, quote.days_max, quote.code)))


def bare_postcode(postcode: str) -> str:
    """Return a postcode as zones compare it: capitals and digits only."""
    return re.sub(r"[^A-Z0-9]", "", postcode.upper())


def responsible(zones: Iterable[ZoneCard], *, country: str, postcode: str) -> ZoneCard | None:
    """Return the one zone that answers for a place."""
    place = {"country": country, "postcode": bare_postcode(postcode)}
    covering = [zone for zone in zones if zone.objection(**place) is None]
    return min(covering, key=lambda zone: (zone.is_rest_of_world, zone.priority), default=None)


def quotes(*, country: str, postcode: str, goods: Money, weight_grams: int) -> tuple[RateQuote, ...]:
    """Return the rates for a parcel to a place, cheapest first; at least one.

    Raises:
        NotServed: no zone covers the place, or none of its methods takes the parcel.
    """
    zone = zone_of(country=country, postcode=postcode)
    found = zone.quotes(goods=goods, weight_grams=weight_grams)
    if not found:
        raise NotServed(f"No way of sending to {zone.name} takes {weight_grams} g paid in {goods.currency}.")
    return found


def quotes_for(
    *, address: PostalAddress, goods: Money, weight_grams: int, rate_code: str | None
) -> tuple[RateQuote, ...]:
    """Return the rates for a parcel to an address, cheapest first; with `rate_code`, just that one.

    Raises:
        InvalidAddress: it breaks a rule of its country.
        NotServed: no zone covers it, or none of its methods takes the parcel.
        UnknownRate: `rate_code` is not among the rates.
    """
    address = checked(address)
    found = quotes(country=address.country, postcode=address.postcode, goods=goods, weight_grams=weight_grams)
    if rate_code is None:
        return found
    if chosen := tuple(quote for quote in found if quote.code == rate_code):
        return chosen
    raise unknown_rate(rate_code, (quote.code for quote in found))


def checked(address: PostalAddress) -> PostalAddress:
    """Return the address as its country writes it.

    Raises:
        InvalidAddress: it breaks a rule of its country.
    """
    if problems := problems_of(address):
        raise InvalidAddress(
            " ".join(problem.detail for problem in problems),
            errors=[{"pointer": f"/{p.field}", "code": p.code, "detail": p.detail} for p in problems],
        )
    return normalised(address)


def zone_of(*, country: str, postcode: str) -> ZoneCard:
    """Return the zone that answers for a place, with its active rates, in one statement.

    Raises:
        NotServed: there is none.
    """
    zone = responsible(_active_zones(country), country=country, postcode=postcode)
    if zone is None:
        raise NotServed(f"The shop does not send to {' '.join((country, postcode)).strip()}.")
    return zone


def unknown_rate(code: str, known: Iterable[str]) -> UnknownRate:
    """Return the refusal of a rate that there is not, naming those that there are."""
    return UnknownRate(f"There is no rate {code!r} for this parcel and place.", rates=sorted(known))


def zone_cards(*conditions: Q, **filters: bool) -> list[ZoneCard]:
    """Return zones with their rates and steps, in one statement."""
    return _cards(_rows(*conditions, **filters))


def _active_zones(country: str) -> list[ZoneCard]:
    """Return the active zones that may answer for a country. Every order asks this twice, so it is built and planned once."""
    statement, parameters = _statement_for(country)
    with prepared_cursor("shipping") as cursor:
        cursor.execute(statement, parameters)
        return _cards(dict(zip(_ZONE_FIELDS + _RATE_FIELDS, row, strict=True)) for row in cursor.fetchall())


@lru_cache(maxsize=512)  # there are some 250 countries
def _statement_for(country: str) -> tuple[str, tuple[Any, ...]]:
    rows = _rows(Q(is_rest_of_world=True) | Q(countries__contains=[country]), is_active=True)
    statement, parameters = rows.query.get_compiler("shipping").as_sql()
    return statement, tuple(parameters)


def _rows(*conditions: Q, **filters: bool) -> QuerySet[Zone, Any]:
    # A left join, one row per step: a zone without rates must be seen too, because it still answers for its places.
    rows: QuerySet[Zone, Any] = (
        Zone.objects.filter(*conditions, **filters)
        .order_by("is_rest_of_world", "priority", "rates__method__code", "rates__id", "rates__steps__from_value")
        .values(*_ZONE_FIELDS, *_RATE_FIELDS)
    )
    return rows


def _cards(rows: Iterable[dict[str, Any]]) -> list[ZoneCard]:
    return [_zone_card(list(its_rows)) for _, its_rows in groupby(rows, key=itemgetter("code"))]


_ZONE_FIELDS = (
    *("code", "name", "priority", "countries", "only_postcodes", "except_postcodes"),
    *("is_rest_of_world", "is_active"),
)
_RATE_FIELDS = tuple(
    f"rates__{name}"
    for name in (
        *("id", "method__code", "method__name", "kind", "currency", "amount", "free_from", "max_weight_grams"),
        *("days_min", "days_max", "is_active", "method__is_active", "steps__from_value", "steps__amount"),
    )
)


def _zone_card(rows: list[dict[str, Any]]) -> ZoneCard:
    zone = rows[0]
    return ZoneCard(
        code=zone["code"],
        name=zone["name"],
        priority=zone["priority"],
        countries=tuple(zone["countries"]),
        only_postcodes=tuple(zone["only_postcodes"]),
        except_postcodes=tuple(zone["except_postcodes"]),
        is_rest_of_world=zone["is_rest_of_world"],
        is_active=zone["is_active"],
        rates=tuple(
            _rate_card(list(its_rows)) for rate_id, its_rows in groupby(rows, key=itemgetter("rates__id")) if rate_id
        ),
    )


def _rate_card(rows: list[dict[str, Any]]) -> RateCard:
    rate = rows[0]
    return RateCard(
        method=rate["rates__method__code"],
        method_name=rate["rates__method__name"],
        kind=rate["rates__kind"],
        currency=rate["rates__currency"],
        amount=rate["rates__amount"],
        free_from=rate["rates__free_from"],
        max_weight_grams=rate["rates__max_weight_grams"],
        days_min=rate["rates__days_min"],
        days_max=rate["rates__days_max"],
        is_active=rate["rates__is_active"] and rate["rates__method__is_active"],
        steps=tuple(
            (row["rates__steps__from_value"], row["rates__steps__amount"])
            for row in rows
            if row["rates__steps__from_value"] is not None
        ),
    )
