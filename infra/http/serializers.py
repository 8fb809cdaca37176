"""Bodies read strictly: camelCase on the wire, snake_case in Python, unknown members refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import is_currency
from django.core.validators import MaxValueValidator
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from infra.http.encoding import LARGEST_INTEGER
from infra.http.wire_names import camel_case
from infra.money import Money
from infra.postal_address import PostalAddress, normalised, problems_of

# Numbers beyond this lose digits in clients whose numbers are IEEE doubles (RFC 8259, section 6).
LARGEST_EXACT_NUMBER = 2**53 - 1


class StrictSerializer(serializers.Serializer[Any]):
    """A body whose members are declared in snake_case, sent in camelCase, and known, each one.

    `validated_data` has the declared names. `validate_<declared_name>` works as usual.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in [name for name in vars(cls) if name.startswith("validate_")]:
            # The framework looks for the hook under the field's wire name.
            setattr(cls, f"validate_{camel_case(name.removeprefix('validate_'))}", getattr(cls, name))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in super().get_fields().items():
            wire_name = camel_case(name)
            if wire_name != name and field.source is None:
                field.source = name
            if isinstance(field, serializers.IntegerField) and field.max_value is None:
                _limit(field)
            fields[wire_name] = field
        return fields

    def to_internal_value(self, data: Any) -> Any:
        unknown: dict[str, list[ErrorDetail]] = {}
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = {
                name: [ErrorDetail("There is no such member here.", code="unknown_field")]
                for name in map(str, data)
                if name not in known
            }
        refused = {**unknown, **self._of_another_type(data)}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **refused}) from None
        if refused:
            raise ValidationError(refused)
        return value

    def _of_another_type(self, data: Any) -> dict[str, list[ErrorDetail]]:
        """Name the members that Django REST framework would convert: `"2"` for a number, 0 for a text, 1 for true."""
        if not isinstance(data, Mapping):
            return {}
        return {
            name: [ErrorDetail(f"This must be {what}.", code="wrong_type")]
            for name, field in self.fields.items()
            for kinds, types, what in _WIRE_TYPES
            if isinstance(field, kinds)
            and (value := data.get(name)) is not None
            and (not isinstance(value, types) or (isinstance(value, bool) and types is not bool))
        }


def _limit(field: serializers.IntegerField) -> None:
    field.max_value = LARGEST_INTEGER
    field.validators.append(MaxValueValidator(LARGEST_INTEGER))


_WIRE_TYPES: tuple[tuple[tuple[type, ...], type, str], ...] = (
    ((serializers.BooleanField,), bool, "true or false"),
    ((serializers.IntegerField,), int, "a whole number"),
    ((serializers.CharField, serializers.UUIDField, serializers.DateTimeField, serializers.DateField), str, "a text"),
)


class MoneyField(serializers.Field[Money, Any, dict[str, Any], Any]):
    """`{"amount": 1200, "currency": "EUR"}`: whole minor units and an ISO 4217 code.

    Args:
        least: the smallest amount allowed, in minor units.
    """

    default_error_messages = {
        "invalid": 'Write money as {{"amount": 1200, "currency": "EUR"}}, in whole minor units.',
        "currency": "This is not an ISO 4217 currency code.",
        "range": "The amount is out of range.",
    }

    def __init__(self, *, least: int = -LARGEST_EXACT_NUMBER, **options: Any) -> None:
        super().__init__(**options)
        self.least = least

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, Mapping) or set(data) != {"amount", "currency"} or type(data["amount"]) is not int:
            self.fail("invalid")
        amount, currency = data["amount"], data["currency"]
        if not isinstance(currency, str) or not is_currency(currency):
            self.fail("currency")
        if not self.least <= amount <= LARGEST_EXACT_NUMBER:
            self.fail("range")
        return Money(amount, currency)

    def to_representation(self, value: Money) -> dict[str, Any]:
        return {"amount": value.amount, "currency": value.currency}


class PostalAddressSerializer(StrictSerializer):
    """A postal address, checked by the rules of its country; `address()` returns it after validation."""

    name = serializers.CharField(max_length=200)
    line1 = serializers.CharField(max_length=200)
    line2 = serializers.CharField(max_length=200, required=False, allow_null=True, allow_blank=True)
    city = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    region = serializers.CharField(max_length=100, required=False, allow_null=True, allow_blank=True)
    postcode = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    country = serializers.CharField(min_length=2, max_length=2, help_text="ISO 3166-1 alpha-2, such as DE.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not self.partial:
            found = problems_of(address_from(attrs))
            if found:
                errors = {problem.field: [ErrorDetail(problem.detail, code=problem.code)] for problem in found}
                raise ValidationError(errors)
        return attrs

    def address(self) -> PostalAddress:
        return address_from(self.validated_data)


def address_from(validated: Mapping[str, Any]) -> PostalAddress:
    """Return the address in the validated data of `PostalAddressSerializer`, alone or as part of another body.

    It is written as its country writes addresses.
    """
    return normalised(
        PostalAddress(
            name=validated["name"],
            line1=validated["line1"],
            line2=validated.get("line2") or None,
            city=validated.get("city") or "",
            region=validated.get("region") or None,
            postcode=validated.get("postcode") or "",
            country=validated["country"],
        )
    )
