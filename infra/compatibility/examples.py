"""Values of a contract's types: one that could be from a shop, one with as little as possible, and some made by hypothesis.

All are the same each time. Hypothesis is a tool of developers, so it is imported when it is needed and not before.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

from infra.contracts.allowed_types import resolved_hints
from infra.money import Money

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_TYPICAL: Mapping[Any, Any] = {
    int: 2,
    bool: True,
    UUID: UUID("01980000-0000-7000-8000-000000000001"),
    datetime: datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC),
    date: date(2026, 2, 28),
    Decimal: Decimal("12.50"),
    Money: Money(1990, "EUR"),
    types.NoneType: None,
}
_SPARSE: Mapping[Any, Any] = {
    int: 0,
    bool: False,
    UUID: UUID(int=0),
    datetime: datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    date: date(1970, 1, 1),
    Decimal: Decimal("0"),
    Money: Money(0, "JPY"),
    types.NoneType: None,
}


def typical(type_: Any, name: str = "text") -> Any:
    """Return a value in which everything optional is there; texts say what they are."""
    if type_ is str:
        return f"{name} Grüße"
    return _made(type_, _TYPICAL, lambda inner, key: typical(inner, key), name, full=True)


def sparse(type_: Any, name: str = "text") -> Any:
    """Return a value in which nothing optional is there, and everything else is empty."""
    if type_ is str:
        return name[:1]  # an ordering key is never empty
    return _made(type_, _SPARSE, lambda inner, key: sparse(inner, key), name, full=False)


def invented(type_: Any, how_many: int) -> list[Any]:
    """Return different values that hypothesis finds, the same ones each time.

    Raises:
        ImportError: hypothesis is not installed, as in an image for production.
    """
    from hypothesis import HealthCheck, Phase, given, settings

    found: list[Any] = []

    @settings(
        max_examples=how_many * 3,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_strategy(type_))
    def collect(value: Any) -> None:
        if value not in found and len(found) < how_many:
            found.append(value)

    collect()
    return found


def _made(type_: Any, plain: Mapping[Any, Any], again: Any, name: str, *, full: bool) -> Any:
    origin, arguments = get_origin(type_), get_args(type_)
    if type_ in plain:
        return plain[type_]
    if origin in (Union, types.UnionType):
        inner = _inner(arguments)
        return again(inner, name) if full and not _holds_itself(inner) else None
    if origin in (tuple, Collection):
        return (again(arguments[0], name),) if full else ()
    if origin is Mapping:
        return {again(arguments[0], name): again(arguments[1], name)} if full else {}
    if issubclass(type_, StrEnum):
        return next(iter(type_)) if full else list(type_)[-1]
    fields = _fields(type_)
    if not full:
        fields = {name: hint for name, hint in fields.items() if name not in _with_default(type_)}
    return type_(**{name: again(hint, name) for name, hint in fields.items()})


def _strategy(type_: Any) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    origin, arguments = get_origin(type_), get_args(type_)
    whole = st.integers(-(2**53) + 1, 2**53 - 1)  # what every JSON reader takes exactly
    # Every alphabet of Europe and the Near East, symbols, escapes; nothing that a difference cannot show.
    letters = st.characters(max_codepoint=0x27BF, exclude_categories=["Cs", "Cn", "Co", "Cf", "Zl", "Zp"])
    text = st.text(
        letters.filter(lambda letter: letter not in "\x00\x7f" and not "\x80" <= letter <= "\x9f"), max_size=12
    )
    plain: dict[Any, SearchStrategy[Any]] = {
        str: text.filter(bool),
        int: whole,
        bool: st.booleans(),
        UUID: st.uuids(),
        datetime: st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware
        date: st.dates(),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3),
        Money: st.builds(Money, whole, st.sampled_from(["EUR", "USD", "JPY"])),
        types.NoneType: st.none(),
    }
    if type_ in plain:
        return plain[type_]
    if origin in (Union, types.UnionType):
        return st.none() | _strategy(_inner(arguments))
    if origin in (tuple, Collection):
        return st.lists(_strategy(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(_strategy(arguments[0]), _strategy(arguments[1]), max_size=2)
    if issubclass(type_, StrEnum):
        return st.sampled_from(type_)
    # A type may hold itself, so its fields are looked at when they are needed.
    return st.deferred(lambda: _dataclass_strategy(type_))


def _dataclass_strategy(type_: Any) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    return st.builds(type_, **{field: _strategy(hint) for field, hint in _fields(type_).items()})


def _holds_itself(type_: Any) -> bool:
    return dataclasses.is_dataclass(type_) and any(type_ in (hint, *get_args(hint)) for hint in _fields(type_).values())


def _with_default(type_: Any) -> set[str]:
    if dataclasses.is_dataclass(type_):
        none = dataclasses.MISSING
        return {f.name for f in dataclasses.fields(type_) if (f.default, f.default_factory) != (none, none)}
    return {field.name for field in msgspec.structs.fields(type_) if not field.required}


def _inner(arguments: tuple[Any, ...]) -> Any:
    return next(member for member in arguments if member is not types.NoneType)


def _fields(type_: Any) -> dict[str, Any]:
    hints = resolved_hints(type_, type_.__name__)
    if dataclasses.is_dataclass(type_):
        names = [field.name for field in dataclasses.fields(type_)]
    else:
        names = list(type_.__struct_fields__)  # the arguments of a method
    return {name: hints[name] for name in names if get_origin(hints[name]) is not ClassVar}
