"""What the composition root ties together: where each thing that infra needs from a module comes from."""

from __future__ import annotations

from collections.abc import Mapping


def verification_keys() -> Mapping[str, str]:
    """Return the public keys of access tokens as PEM texts, by key id (`settings.VERIFICATION_KEYS`)."""
    from modules.users.queries.signing_keys import public_keys

    return public_keys()
