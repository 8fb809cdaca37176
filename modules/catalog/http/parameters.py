"""What a list of products is asked for, read from the query."""

from __future__ import annotations

from dataclasses import dataclass

from babel.numbers import is_currency
from django.conf import settings
from rest_framework.request import Request

from infra.http import parameters
from infra.http.problems import InvalidParameter
from infra.http.serializers import LARGEST_EXACT_NUMBER
from modules.catalog.queries import Filters, Sort, understood

MOST_VALUES = 50
LONGEST_VALUE = 310


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as it was asked for. `is_empty`: the search holds no word, so nothing can be found."""

    filters: Filters
    sort: Sort
    text: str | None
    is_empty: bool
    with_facets: bool


def currency_of(request: Request) -> str:
    currency = parameters.text(request, "currency") or settings.SHOP_CURRENCY
    if not is_currency(currency):
        raise InvalidParameter("currency", "currency must be an ISO 4217 code, such as EUR.")
    return currency


def asked(request: Request) -> Asked:
    """Return the filters and the order of a list. A search costs one query, for the words in it."""
    text = parameters.text(request, "q")
    sort = Sort(parameters.choice(request, "sort", list(Sort), default=Sort.RELEVANCE))
    if sort is Sort.RELEVANCE and text is None:
        sort = Sort.NEWEST
    expression = understood(text) if text else None
    filters = Filters(
        currency=currency_of(request),
        search=expression,
        category=parameters.text(request, "category"),
        facets=_attributes(request),
        lowest=_amount(request, "minPrice"),
        highest=_amount(request, "maxPrice"),
        in_stock=_flag(request, "available"),
    )
    return Asked(
        filters=filters,
        sort=sort,
        text=text,
        is_empty=text is not None and expression is None,
        with_facets=_flag(request, "facets") or False,
    )


def _attributes(request: Request) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    values = request._request.GET.getlist("attribute")
    for value in values[: MOST_VALUES + 1]:
        code, separator, wanted_value = value.partition(":")
        if not (code and separator and wanted_value) or len(value) > LONGEST_VALUE or len(values) > MOST_VALUES:
            raise InvalidParameter(
                "attribute", f"attribute is written like colour:Red, and may be given up to {MOST_VALUES} times."
            )
        wanted.setdefault(code, []).append(wanted_value)
    return wanted


def _amount(request: Request, name: str) -> int | None:
    if name not in request._request.GET:
        return None
    return parameters.number(request, name, least=0, most=LARGEST_EXACT_NUMBER, default=0)


def _flag(request: Request, name: str) -> bool | None:
    value = request._request.GET.get(name)
    known = {None: None, "1": True, "true": True, "0": False, "false": False}
    if value not in known:
        raise InvalidParameter(name, f"{name} must be true or false.")
    return known[value]
