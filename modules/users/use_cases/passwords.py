"""Passwords: which are good enough, and hashing them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import hashers
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from infra.errors import Invalid
from modules.users.models import Customer


class WeakPassword(Invalid):
    """The password is easy to guess.

    Members: `errors`, a list of {"pointer", "code", "detail"}.
    """

    code = "validation_failed"


def require_good_password(password: str, customer: Customer | None = None, *, pointer: str = "/password") -> None:
    """Check a new password by `settings.AUTH_PASSWORD_VALIDATORS`.

    Raises:
        WeakPassword: it breaks at least one of the rules.
    """
    try:
        # Any object with the attributes that the settings name will do for a user.
        validate_password(password, cast("Any", customer))
    except ValidationError as error:
        errors = [
            {"pointer": pointer, "code": each.code or "invalid", "detail": each.messages[0]}
            for each in error.error_list
        ]
        raise WeakPassword("Choose another password.", errors=errors) from None


def is_password_of(customer: Customer | None, password: str) -> bool:
    """Return whether this is the customer's password; costs the same for nobody, for the wrong and for the right one.

    A password that is right and was hashed in an older way is hashed anew.
    """
    if customer is None:
        hashers.make_password(password)
        return False

    def rehash(password: str) -> None:
        Customer.objects.filter(id=customer.id, password=customer.password).update(
            password=hashers.make_password(password)
        )

    return hashers.check_password(password, customer.password, setter=rehash)
