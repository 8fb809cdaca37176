"""Values of a contract as bytes and back. What comes back is always a fresh copy."""

from __future__ import annotations

from collections.abc import KeysView, Mapping, ValuesView
from typing import Any

import msgspec

from infra.contracts.allowed_types import naive_instants
from infra.contracts.errors import ContractViolation, NoPlainValue


def _plain(value: Any) -> Any:
    """Turn views and subclasses of everyday types into what they stand for; nothing else may cross."""
    if isinstance(value, KeysView | ValuesView):
        return list(value)
    if isinstance(value, str):  # a subclass, such as Django's SafeString; lazy translations are none
        return str.__str__(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} objects do not cross")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
encode_plain = _encoder.encode


class Codec:
    """Encodes and decodes the values of one declared type."""

    __slots__ = ("_check", "_decode", "_what")

    def __init__(self, type_: Any, what: str) -> None:
        """Prepare a codec; `what` names the value in errors, such as "the answer of catalog.v1 offers"."""
        self._what = what
        self._decode = msgspec.json.Decoder(type_).decode
        self._check = naive_instants(type_)

    def encode(self, value: Any) -> bytes:
        """Return the value as JSON.

        Raises:
            NoPlainValue: something in it may not cross (a model, a queryset, a lazy object, a file).
        """
        try:
            return _encoder.encode(value)
        except (TypeError, ValueError, UnicodeEncodeError, RecursionError) as error:
            raise NoPlainValue(f"Cannot send {self._what}: {error}.") from error

    def decode(self, body: bytes) -> Any:
        """Return the value as new objects of the declared type; fields that the type does not know are left out.

        Raises:
            ContractViolation: the bytes are no such value.
        """
        try:
            value = self._decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ContractViolation(f"Cannot take {self._what}: {error}") from error
        if self._check is not None:
            self._check(value)
        return value
