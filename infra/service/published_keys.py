"""The public keys of access tokens, from where the shop publishes them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 3
_last: dict[str, str] = {}


def verification_keys() -> Mapping[str, str]:
    """Return the keys as PEM texts, by key id (`settings.VERIFICATION_KEYS`; infra/http/verification_keys.py remembers them).

    While the shop can't be asked, those that it published last stay good: a service does not refuse its customers because
    another process restarts.

    Raises:
        jwt.PyJWKClientError: the shop can't be asked, and was not before.
    """
    client = jwt.PyJWKClient(key_set_url(), cache_jwk_set=False, timeout=ANSWER_SECONDS)
    try:
        found = {key.key_id: _pem(key) for key in client.get_signing_keys() if key.key_id}
    except jwt.PyJWKClientError as error:
        if not _last:
            raise
        logger.warning("The keys of access tokens can't be asked for at %s: %s", client.uri, error)
        return dict(_last)
    _last.clear()
    _last.update(found)
    return found


def key_set_url() -> str:
    """Return where the shop publishes its set of keys (RFC 7517): whichever module has one signs the tokens."""
    prefixes = (prefix for manifest in settings.MANIFESTS for prefix in manifest.url_prefixes)
    return f"{settings.MONOLITH_URL}{next(prefix for prefix in prefixes if prefix.endswith('jwks.json'))}"


def _pem(key: jwt.PyJWK) -> str:
    public: bytes = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode()
