"""How e-mail addresses are written, so that one person is one account."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets


def normalised_email(text: str) -> str:
    """Return an address as accounts keep it: no space around, lower case, the domain in ASCII (IDNA).

    The part before the @ is lower case, too, although RFC 5321 allows a difference there: no mail provider of today makes
    one, and two accounts whose addresses differ in capitals only are always one person's mistake.

    Raises:
        ValueError: not an e-mail address.
    """
    local, at, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    try:
        email = f"{local}{at}{domain.encode('idna').decode('ascii')}".lower()
        validate_email(email)
    except (UnicodeError, ValidationError):
        raise ValueError("This is not an e-mail address.") from None
    if len(email) > LONGEST_EMAIL or not email.isascii():
        raise ValueError("This is not an e-mail address.")
    return email


def email_as_typed(text: str) -> str:
    """Return the normalised address, or for what is none some text that no account has."""
    try:
        return normalised_email(text)
    except ValueError:
        return text.strip().lower()
