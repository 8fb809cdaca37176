"""What never appears in a log line, wherever it comes from: secrets by name, tokens and card numbers by shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_SECRET_NAMES = re.compile(
    r"passw|secret|token|authorization|cookie|api_?key|private_?key|signature|card_?number|^pan$|cvc|cvv|iban|^access$|^refresh$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*")
_CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
# A text without any of these holds no secret that a shape gives away.
_SUSPICIOUS = re.compile(r"eyJ|bearer|basic|://|\d[\d -]{11}", re.IGNORECASE)


def redact(logger: Any, name: str, event: Any) -> Any:
    """Take secrets out of a log event (a structlog processor)."""
    return {key: REDACTED if _SECRET_NAMES.search(key) else redacted(value) for key, value in event.items()}


def redacted(value: Any) -> Any:
    """Return plain values with each secret replaced."""
    if isinstance(value, str):
        return _redacted_text(value) if _SUSPICIOUS.search(value) else value
    if isinstance(value, Mapping):
        return {
            key: REDACTED if isinstance(key, str) and _SECRET_NAMES.search(key) else redacted(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner) for inner in value]
    return value


def _redacted_text(text: str) -> str:
    text = _TOKEN.sub(REDACTED, text)
    text = _CREDENTIALS.sub(rf"\1 {REDACTED}", text)
    text = _URL_PASSWORD.sub(rf"\1:{REDACTED}@", text)
    return _DIGITS.sub(lambda match: REDACTED if _is_card_number(match[0]) else match[0], text)


def _is_card_number(text: str) -> bool:
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
