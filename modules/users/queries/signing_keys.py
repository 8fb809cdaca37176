"""The keys that sign access tokens, and their public halves.

`settings.TOKEN_SIGNING_KEYS` holds Ed25519 private keys as PEM texts. The first one signs, all verify. To change keys without a
failed request: add the new key in second place, wait until caches have seen it, move it to first place, and take the old one out
when the last token that it signed has expired.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its id, the thumbprint of RFC 7638."""

    key_id: str
    private: Ed25519PrivateKey
    public_value: str  # base64url, as JWK's "x" (RFC 8037)

    def public_pem(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signing_keys() -> tuple[SigningKey, ...]:
    """Return the keys, the one that signs first."""
    return _loaded(tuple(settings.TOKEN_SIGNING_KEYS))


def public_keys() -> dict[str, str]:
    """Return the public keys as PEM texts, by key id."""
    return {key.key_id: key.public_pem() for key in signing_keys()}


def key_set() -> dict[str, Any]:
    """Return the public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": key.public_value,
                "kid": key.key_id,
                "alg": "EdDSA",
                "use": "sig",
                "key_ops": ["verify"],
            }
            for key in signing_keys()
        ]
    }


@lru_cache(maxsize=4)
def _loaded(pems: tuple[str, ...]) -> tuple[SigningKey, ...]:
    if not pems:
        raise ImproperlyConfigured("TOKEN_SIGNING_KEYS is empty; make a key with: openssl genpkey -algorithm ed25519")
    return tuple(_load(pem) for pem in pems)


def _load(pem: str) -> SigningKey:
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except ValueError as error:
        raise ImproperlyConfigured(f"TOKEN_SIGNING_KEYS holds something that is no PEM private key: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ImproperlyConfigured("TOKEN_SIGNING_KEYS must hold Ed25519 keys: openssl genpkey -algorithm ed25519")
    value = _base64url(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": value}, separators=(",", ":"))
    return SigningKey(_base64url(sha256(thumbprint.encode()).digest()), private, value)


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
