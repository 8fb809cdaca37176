"""Why an address is answered as it is: every zone and every rate with its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from infra.money import Money
from modules.shipping.queries import rates


@dataclass(frozen=True, slots=True, kw_only=True)
class RateVerdict:
    """What became of one rate of the zone that answers."""

    method: str
    currency: str | None
    price: Money | None  # None: the rate is not offered
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVerdict:
    """Whether a zone covers the place, and whether it is the one that answers."""

    code: str
    answers: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All verdicts, zones in the order in which they are asked."""

    zones: tuple[ZoneVerdict, ...]
    rates: tuple[RateVerdict, ...]


def explain(*, country: str, postcode: str, goods: Money, weight_grams: int) -> Explanation:
    """Return why a parcel to a place is offered what it is, by the same rules as `rates.quotes`; nothing is refused."""
    zones = rates.zone_cards()
    answering = rates.responsible(zones, country=country, postcode=postcode)
    verdicts = []
    for zone in zones:
        objection = zone.objection(country=country, postcode=rates.bare_postcode(postcode))
        if zone is answering:
            reason = "It covers the place and is asked first."
        else:
            reason = objection or f"It covers the place too, but {answering.code if answering else ''} is asked first."
        verdicts.append(ZoneVerdict(code=zone.code, answers=zone is answering, reason=reason))
    return Explanation(
        zones=tuple(verdicts),
        rates=() if answering is None else _rate_verdicts(answering, goods=goods, weight_grams=weight_grams),
    )


def _rate_verdicts(zone: rates.ZoneCard, *, goods: Money, weight_grams: int) -> tuple[RateVerdict, ...]:
    deciding = zone.deciding_rates(goods.currency)
    verdicts = []
    for rate in zone.rates:
        objection = rate.objection(goods=goods, weight_grams=weight_grams)
        if objection is None and rate is not deciding[rate.method]:
            objection = f"The method has a rate of its own in {goods.currency}."
        price = None if objection else rate.price(goods=goods, weight_grams=weight_grams)
        verdicts.append(
            RateVerdict(method=rate.method, currency=rate.currency, price=price, reason=objection or "Offered.")
        )
    return tuple(verdicts)
