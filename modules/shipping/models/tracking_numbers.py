"""Tracking numbers: nobody can guess one, and a mistyped one is noticed.

"BN", 14 random characters (70 bits) and a check character by ISO 7064 MOD 37,36, which notices every single wrong
character and nearly every swap of two neighbours.
"""

from __future__ import annotations

import re
import secrets

_ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNMISTAKABLE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U, which people read as others
_FORM = re.compile(r"BN[0-9A-Z]{15}")


def new_tracking_number() -> str:
    """Return a tracking number that was most likely never given before."""
    body = "BN" + "".join(secrets.choice(_UNMISTAKABLE) for _ in range(14))
    return body + _check_character(body)


def is_well_formed(number: str) -> bool:
    """Return whether the number can be one of ours: its form, and its check character."""
    return _FORM.fullmatch(number) is not None and _check_character(number[:-1]) == number[-1]


def _check_character(body: str) -> str:
    product = 36
    for character in body:
        product = (product + _ALL.index(character)) % 36 or 36
        product = product * 2 % 37
    return _ALL[(37 - product) % 36]
