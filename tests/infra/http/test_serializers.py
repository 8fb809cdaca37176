"""Values read from bodies."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from infra.http.serializers import MoneyField, PostalAddressSerializer, StrictSerializer
from infra.http.wire_names import camel_case
from infra.money import Money
from infra.postal_address import PostalAddress


class Price(StrictSerializer):
    unit_price = MoneyField(least=0)
    stock_count = serializers.IntegerField(required=False)
    made_at = serializers.DateTimeField(required=False, source="produced_at")


@pytest.mark.parametrize(
    ("name", "wire_name"),
    [("id", "id"), ("shipping_address_id", "shippingAddressId"), ("line1", "line1"), ("a_b_c", "aBC")],
)
def test_names_are_camel_case_on_the_wire(name: str, wire_name: str) -> None:
    assert camel_case(name) == wire_name


def read(data: Any) -> dict[str, Any]:
    body = Price(data=data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def test_values_come_under_their_python_names() -> None:
    value = read({"unitPrice": {"amount": 1990, "currency": "EUR"}, "stockCount": 3, "madeAt": "2026-01-02T03:04:05Z"})

    assert value["unit_price"] == Money(1990, "EUR")
    assert value["stock_count"] == 3
    assert value["produced_at"].isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize(
    ("money", "code"),
    [
        (1990, "invalid"),
        ("19.90", "invalid"),
        ({"amount": 19.9, "currency": "EUR"}, "invalid"),
        ({"amount": "1990", "currency": "EUR"}, "invalid"),
        ({"amount": True, "currency": "EUR"}, "invalid"),
        ({"amount": 1990}, "invalid"),
        ({"amount": 1990, "currency": "EUR", "cents": 1}, "invalid"),
        ({"amount": 1990, "currency": "EURO"}, "currency"),
        ({"amount": 1990, "currency": "eur"}, "currency"),
        ({"amount": 1990, "currency": 978}, "currency"),
        ({"amount": -1, "currency": "EUR"}, "range"),
        ({"amount": 2**53, "currency": "EUR"}, "range"),
        (None, "null"),
        ([], "invalid"),
    ],
)
def test_money_that_is_none_is_refused(money: Any, code: str) -> None:
    body = Price(data={"unitPrice": money})

    assert not body.is_valid()
    assert [detail.code for detail in body.errors["unitPrice"]] == [code]


def test_a_number_that_no_column_holds_is_refused() -> None:
    body = Price(data={"unitPrice": {"amount": 1, "currency": "EUR"}, "stockCount": 2**63})

    assert not body.is_valid()
    assert [detail.code for detail in body.errors["stockCount"]] == ["max_value"]


def test_an_address_is_written_as_its_country_writes_it() -> None:
    body = PostalAddressSerializer(
        data={"name": " Anna  Bell ", "line1": "1 High St", "city": "London", "postcode": "sw1a 1aa", "country": "uk"}
    )

    assert body.is_valid(), body.errors
    assert body.address() == PostalAddress(
        name="Anna Bell", line1="1 High St", city="London", postcode="SW1A 1AA", country="GB"
    )


def test_everything_that_an_address_lacks_is_named() -> None:
    body = PostalAddressSerializer(data={"name": "Anna", "line1": "Ufer 1", "country": "DE"})

    assert not body.is_valid()
    assert {field: [detail.code for detail in details] for field, details in body.errors.items()} == {
        "city": ["required"],
        "postcode": ["required"],
    }


class Everything(StrictSerializer):
    some_text = serializers.CharField(required=False)
    some_id = serializers.UUIDField(required=False)
    some_number = serializers.IntegerField(required=False)
    some_flag = serializers.BooleanField(required=False)
    some_instant = serializers.DateTimeField(required=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("someText", value) for value in (0, 1.5, True)],
        *[("someId", value) for value in (0, False)],
        *[("someNumber", value) for value in ("2", 2.0, True)],
        *[("someFlag", value) for value in ("true", 1)],
        *[("someInstant", value) for value in (0, False)],
    ],
)
def test_a_value_of_another_type_is_refused_not_converted(name: str, value: object) -> None:
    body = Everything(data={name: value})

    assert not body.is_valid()
    assert [error.code for error in body.errors[name]] == ["wrong_type"]
