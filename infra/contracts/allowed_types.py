"""The closed set of types that may cross a contract, checked when the contract is declared."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import partial
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from infra.contracts.errors import ContractDeclarationError, ContractViolation
from infra.money import Money

_PLAIN: frozenset[Any] = frozenset({str, int, bool, UUID, datetime, date, Decimal, types.NoneType, Money})

_HINTS: Mapping[Any, str] = {
    float: "a float is never exact; use Money for amounts, Decimal or an int of a smaller unit for the rest",
    bytes: "put files where both sides can fetch them, and send the address",
    list: "use tuple[T, ...] for answers and Collection[T] for parameters",
    set: "use Collection[T]",
    frozenset: "use Collection[T]",
    dict: "use Mapping[str, T] or Mapping[UUID, T]",
    Any: "name the type",
    object: "name the type",
}


def refuse_foreign_types(type_: Any, where: str) -> None:
    """Raise unless `type_` and all that it is made of may cross.

    Raises:
        ContractDeclarationError: says where and why, and what to use instead.
    """
    _walk(type_, where, seen=set())


def _walk(type_: Any, where: str, seen: set[Any]) -> None:
    if type_ in _PLAIN or type_ in seen:
        return
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (Union, types.UnionType):
        members = [member for member in arguments if member is not types.NoneType]
        if len(members) != 1:
            raise ContractDeclarationError(f"{where}: of unions only `T | None` may cross, not {_name(type_)}.")
        _walk(members[0], where, seen)
    elif origin is tuple:
        if len(arguments) != 2 or arguments[1] is not Ellipsis:
            raise ContractDeclarationError(f"{where}: write tuple[T, ...], or a dataclass with named fields.")
        _walk(arguments[0], where, seen)
    elif origin is Collection:
        _walk(arguments[0], where, seen)
    elif origin is Mapping:
        if arguments[0] not in (str, UUID):
            raise ContractDeclarationError(f"{where}: the keys of a Mapping are str or UUID.")
        _walk(arguments[1], where, seen)
    elif isinstance(type_, type) and issubclass(type_, Enum):
        if not issubclass(type_, StrEnum):
            raise ContractDeclarationError(f"{where}: {type_.__name__} must be a StrEnum, readable on the wire.")
    elif isinstance(type_, type) and dataclasses.is_dataclass(type_):
        seen.add(type_)
        _walk_dataclass(type_, where, seen)
    else:
        hint = _HINTS.get(origin if origin in _HINTS else type_) if _hashable(type_) else None
        raise ContractDeclarationError(
            f"{where}: {_name(type_)} may not cross a contract; "
            + (hint or "only plain values and frozen dataclasses of plain values may")
            + "."
        )


def _walk_dataclass(type_: type, where: str, seen: set[Any]) -> None:
    name = type_.__name__
    parameters: Any = vars(type_).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise ContractDeclarationError(f"{where}: {name} must be @dataclass(frozen=True, slots=True, kw_only=True).")
    fields = dataclasses.fields(type_)
    if "__slots__" not in vars(type_) or not all(field.kw_only for field in fields):
        raise ContractDeclarationError(f"{where}: {name} must be declared with slots=True and kw_only=True.")
    hints = resolved_hints(type_, f"{where}, {name}")
    for field in fields:
        if get_origin(hints[field.name]) is not ClassVar:
            _walk(hints[field.name], f"{where}, {name}.{field.name}", seen)


def resolved_hints(thing: Any, where: str) -> dict[str, Any]:
    """Return the annotations as types.

    Raises:
        ContractDeclarationError: one names something that is not there at run time (imported for type checkers only).
    """
    try:
        return get_type_hints(thing)
    except (NameError, AttributeError, TypeError) as error:
        raise ContractDeclarationError(
            f"{where}: {error}. Import the types of a contract outside of TYPE_CHECKING."
        ) from error


def naive_instants(type_: Any) -> Callable[[Any], None] | None:
    """Return a function that raises for a datetime without a time zone anywhere in a value of this type.

    None where the type holds no datetime, so that most values are not walked at all.
    """
    return _checker(type_, {})


def _checker(type_: Any, known: dict[Any, Callable[[Any], None] | None]) -> Callable[[Any], None] | None:
    origin, arguments = get_origin(type_), get_args(type_)
    if type_ is datetime:
        return _refuse_naive
    if origin in (Union, types.UnionType):
        inner = _checker(next(member for member in arguments if member is not types.NoneType), known)
        return None if inner is None else partial(_if_given, inner)
    if origin is Mapping:
        inner = _checker(arguments[1], known)
        return None if inner is None else partial(_each_value, inner)
    if origin in (tuple, Collection):
        inner = _checker(arguments[0], known)
        return None if inner is None else partial(_each, inner)
    if isinstance(type_, type) and dataclasses.is_dataclass(type_):
        return _fields_checker(type_, [field.name for field in dataclasses.fields(type_)], known)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _fields_checker(type_, list(type_.__struct_fields__), known)
    return None


def _fields_checker(
    type_: type, names: list[str], known: dict[Any, Callable[[Any], None] | None]
) -> Callable[[Any], None] | None:
    if type_ in known:
        return known[type_]
    hints = resolved_hints(type_, type_.__name__)
    parts: list[tuple[str, Callable[[Any], None]]] = []

    def check(value: Any) -> None:
        for name, inner in parts:
            inner(getattr(value, name))

    known[type_] = check  # for types that hold themselves
    for name in names:
        inner = _checker(hints[name], known)
        if inner is not None and inner is not check:
            parts.append((name, inner))
    if not parts:
        known[type_] = None
    return known[type_]


def _each(check: Callable[[Any], None], values: Iterable[Any]) -> None:
    for value in values:
        check(value)


def _each_value(check: Callable[[Any], None], values: Mapping[Any, Any]) -> None:
    for value in values.values():
        check(value)


def _if_given(check: Callable[[Any], None], value: Any) -> None:
    if value is not None:
        check(value)


def _refuse_naive(value: datetime) -> None:
    if value.tzinfo is None:
        raise ContractViolation(f"The instant {value.isoformat()} has no time zone; instants that cross are aware.")


def _name(type_: Any) -> str:
    return type_.__name__ if isinstance(type_, type) and not get_args(type_) else str(type_).removeprefix("typing.")


def _hashable(type_: Any) -> bool:
    return isinstance(type_, typing.Hashable)
