"""JSON in and out."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils.functional import Promise

# 64-bit, as PostgreSQL's bigint; a larger number could not be stored or compared anywhere.
LARGEST_INTEGER = 2**63 - 1


class UnusableValue(ValueError):
    """Well-formed JSON holds a value that nothing behind can carry; `pointer` (RFC 6901) says where."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.code = code
        self.detail = detail


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    if hasattr(value, "keys"):
        return dict(value)
    raise TypeError(f"{type(value).__qualname__} is not JSON; the presenter must turn it into plain values.")


_encoder = msgspec.json.Encoder(enc_hook=_plain)
_canonical_encoder = msgspec.json.Encoder(enc_hook=_plain, order="sorted")
_decoder = msgspec.json.Decoder()

encode = _encoder.encode
canonical = _canonical_encoder.encode


def decode(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: not JSON (RFC 8259, UTF-8), or nested beyond reason.
        UnusableValue: a NUL character or an integer beyond 64 bits, which no column can hold.
    """
    try:
        value = _decoder.decode(body)
        _check(value, "")
    except RecursionError:
        raise ValueError("The body is nested too deeply.") from None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    return value


def _check(value: Any, pointer: str) -> None:
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise UnusableValue(pointer, "null_character", "Null characters are not allowed.")
    elif kind is int:
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise UnusableValue(pointer, "number_out_of_range", "Numbers are limited to 64 bits.")
    elif kind is dict:
        for key, member in value.items():
            if "\x00" in key:
                raise UnusableValue(pointer, "null_character", "Null characters are not allowed.")
            _check(member, f"{pointer}/{escaped(key)}")
    elif kind is list:
        for index, member in enumerate(value):
            _check(member, f"{pointer}/{index}")


def escaped(key: str) -> str:
    """Return a member's name as a JSON pointer writes it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
