"""What the composition root ties together: where each thing that infra needs from a module comes from."""

from __future__ import annotations

from collections.abc import Mapping

from infra.contracts import resolve
from modules.users.contract import UsersContract


def verification_keys() -> Mapping[str, str]:
    """Return the public keys of access tokens as PEM texts, by key id (`settings.VERIFICATION_KEYS`)."""
    return resolve(UsersContract).verification_keys()
