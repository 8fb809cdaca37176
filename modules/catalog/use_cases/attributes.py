"""Saying typed things of products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from infra.errors import Invalid
from modules.catalog.models import Attribute, Product
from modules.catalog.use_cases.vocabulary import refresh_in_batches

Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value as it is stored: one of the three is given."""

    text: str | None = None
    number: Decimal | None = None
    flag: bool | None = None


class ValueDoesNotFit(Invalid):
    """The value does not fit the attribute."""

    code = "catalog.value_does_not_fit"


def define_attribute(
    code: str,
    *,
    name: str,
    type_: Attribute.Type,
    choices: Iterable[str] = (),
    unit: str = "",
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
    is_filterable: bool = True,
) -> Attribute:
    """Define an attribute, or change the definition of this code; the database refuses what present values would not fit."""
    attribute, _ = Attribute.objects.update_or_create(
        code=code,
        defaults={
            "name": name,
            "type": type_,
            "choices": list(choices),
            "unit": unit,
            "minimum": minimum,
            "maximum": maximum,
            "is_filterable": is_filterable,
        },
    )
    return attribute


def show_attribute_again(attribute: Attribute) -> None:
    """Write the listings of the products that have the attribute, after a change of it in the same transaction."""
    refresh_in_batches(Product.objects.filter(attribute_values__attribute=attribute))


def typed(attribute: Attribute, value: Plain) -> TypedValue:
    """Return the value as the attribute's type stores it.

    Raises:
        ValueDoesNotFit: another type, not among the choices, or out of bounds.
    """
    reading: Mapping[str, object] = {
        Attribute.Type.TEXT: _text,
        Attribute.Type.CHOICE: _choice,
        Attribute.Type.NUMBER: _number,
        Attribute.Type.BOOL: _flag,
    }
    return reading[attribute.type](attribute, value)  # type: ignore[no-any-return, operator]


def _text(attribute: Attribute, value: Plain) -> TypedValue:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise ValueDoesNotFit(f"{attribute.code} takes a text of 1 to 500 characters.")
    return TypedValue(text=value.strip())


def _choice(attribute: Attribute, value: Plain) -> TypedValue:
    if value not in attribute.choices:
        raise ValueDoesNotFit(f"{attribute.code} takes one of: {', '.join(attribute.choices)}; not {value!r}.")
    return TypedValue(text=str(value))


def _number(attribute: Attribute, value: Plain) -> TypedValue:
    try:
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**14 or number != number.quantize(Decimal("0.000001")):
        raise ValueDoesNotFit(f"{attribute.code} takes a number with at most six decimals, not {value!r}.")
    too_small = attribute.minimum is not None and number < attribute.minimum
    too_large = attribute.maximum is not None and number > attribute.maximum
    if too_small or too_large:
        raise ValueDoesNotFit(f"{attribute.code} is out of bounds: {value}.")
    return TypedValue(number=number)


def _flag(attribute: Attribute, value: Plain) -> TypedValue:
    known = {"true": True, "yes": True, "false": False, "no": False}
    flag = value if isinstance(value, bool) else known.get(str(value).strip().lower())
    if flag is None:
        raise ValueDoesNotFit(f"{attribute.code} takes yes or no, not {value!r}.")
    return TypedValue(flag=flag)
