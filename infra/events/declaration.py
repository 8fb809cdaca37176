"""What an event is: a frozen dataclass with a stable name on the wire and a field that orders it. Free of Django."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any, ClassVar, get_origin
from uuid import UUID

import msgspec

from infra.contracts.allowed_types import naive_instants, refuse_foreign_types, resolved_hints
from infra.contracts.errors import ContractDeclarationError

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")


class EventDeclarationError(ContractDeclarationError):
    """An event class is declared wrongly; the text says what to write instead."""


class UnknownEvent(LookupError):
    """No event class with that name is known to this process."""


class Event:
    """A fact that a module announces. Subclasses are frozen dataclasses, checked when they are defined.

    `name` is `module.fact.vN`, for ever: the class may be renamed and moved, its wire name not. Within a version fields are
    added with a default, never renamed or removed. `stream` names the field whose value is the ordering key: events of
    one module with the same value are handled in the order in which they were committed, others in any order.
    """

    __slots__ = ()

    name: ClassVar[str]
    stream: ClassVar[str]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        _check_declaration(cls)
        _register(cls)


class Format:
    """How events of one class are written and read."""

    def __init__(self, event_class: type[Event]) -> None:
        self.event_class = event_class
        self.name = event_class.name
        self.module = event_class.name.partition(".")[0]
        self._encode = msgspec.json.Encoder().encode

    @cached_property
    def _decode(self) -> Callable[[bytes | str], Event]:
        _refuse_half_declared(self.event_class)
        return msgspec.json.Decoder(self.event_class).decode

    @cached_property
    def _check_instants(self) -> Callable[[Any], None] | None:
        return naive_instants(self.event_class)

    def encode(self, event: Event) -> bytes:
        """Return the payload as JSON.

        Raises:
            TypeError: a field's value is not of the declared type.
            ContractViolation: an instant without a time zone.
        """
        decode = self._decode
        payload = self._encode(event)
        try:
            decode(payload)  # a dataclass checks nothing itself, and nobody could handle this event later
        except msgspec.ValidationError as error:
            raise TypeError(f"{self.name} cannot be published: {error}") from error
        if self._check_instants is not None:
            self._check_instants(event)
        return payload

    def decode(self, payload: bytes | str) -> Event:
        """Return the event; unknown fields are ignored, missing ones take their defaults.

        Raises:
            msgspec.ValidationError: the payload is not an event of this class.
        """
        return self._decode(payload)

    def key_of(self, event: Event) -> str:
        """Return the ordering key, never empty.

        Raises:
            ValueError: the stream field is empty.
        """
        key = str(getattr(event, self.event_class.stream))
        if not key:
            raise ValueError(f"{self.name}: the ordering key ({self.event_class.stream}) is empty.")
        return key


_formats: dict[str, Format] = {}


def format_of(name: str) -> Format:
    """Return how events of that wire name are written and read.

    Raises:
        UnknownEvent: no class with that name was imported.
    """
    try:
        return _formats[name]
    except KeyError:
        raise UnknownEvent(f"No event named {name} is declared in this process.") from None


def declared() -> dict[str, type[Event]]:
    """Return every event class by its wire name."""
    return {name: format_.event_class for name, format_ in sorted(_formats.items())}


def _check_declaration(cls: type[Event]) -> None:
    for attribute in ("name", "stream"):
        if not isinstance(vars(cls).get(attribute), str):
            raise EventDeclarationError(f'{cls.__qualname__} needs `{attribute}: ClassVar[str] = "..."`.')
    if not _NAME.fullmatch(cls.name):
        raise EventDeclarationError(
            f"{cls.__qualname__}: the name {cls.name!r} is not module.fact.vN, like orders.order_placed.v1."
        )
    hints = {
        field: type_
        for field, type_ in resolved_hints(cls, cls.__qualname__).items()
        if get_origin(type_) is not ClassVar
    }
    if hints.get(cls.stream) not in (UUID, str, int):
        raise EventDeclarationError(
            f"{cls.__qualname__}: stream is {cls.stream!r}; name a field of type UUID, str or int, the ordering key."
        )
    for field, type_ in hints.items():
        refuse_foreign_types(type_, f"{cls.__qualname__}.{field}")


def _register(cls: type[Event]) -> None:
    known = _formats.get(cls.name)
    # A dataclass with slots is made twice: the second replaces the first.
    if known is not None and _place(known.event_class) != _place(cls):
        raise EventDeclarationError(f"{cls.name} is the name of {_place(known.event_class)} and of {_place(cls)}.")
    _formats[cls.name] = Format(cls)


def _place(cls: type[Event]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _refuse_half_declared(cls: type[Event]) -> None:
    parameters: Any = vars(cls).get("__dataclass_params__")
    if not is_dataclass(cls) or parameters is None or not parameters.frozen or "__slots__" not in vars(cls):
        raise EventDeclarationError(f"{cls.__qualname__} must be @dataclass(frozen=True, slots=True, kw_only=True).")
