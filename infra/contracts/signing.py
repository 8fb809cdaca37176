"""Service authentication: each call is signed with a shared key, and a signature is good once and for a short time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from infra.contracts.errors import CallerRefused, ContractDeclarationError
from infra.contracts.nonces import NonceStore

SCHEME = "Banyan-HMAC-SHA256"
# Clocks of servers kept by NTP differ by milliseconds; half a minute leaves room for ones that are not kept well.
CLOCK_WINDOW_SECONDS = 30
_LEAST_SECRET_LENGTH = 32  # as long as the hash: a shorter secret is the weakest part


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A shared secret and the public name by which a signature says which one it was made with."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"ServiceKey({self.id!r}, ...)"


def read_keys(words: Iterable[str]) -> tuple[ServiceKey, ...]:
    """Read keys written as `id:secret`. The first one signs, all verify: to rotate, put a new one in front everywhere
    (at the end first, where services start one after the other), and remove the old one later.

    Raises:
        ContractDeclarationError: one is malformed or too short, or two have the same id.
    """
    keys = []
    for word in words:
        id_, colon, secret = word.partition(":")
        if not (id_ and colon and len(secret) >= _LEAST_SECRET_LENGTH and not set(id_) & set(' ,="')):
            raise ContractDeclarationError(
                f"SERVICE_KEYS holds id:secret pairs, each secret at least {_LEAST_SECRET_LENGTH} characters;"
                f" the one that begins with {id_[:12]!r} is not."
            )
        keys.append(ServiceKey(id_, secret.encode()))
    if len({key.id for key in keys}) != len(keys):
        raise ContractDeclarationError("SERVICE_KEYS has two keys with the same id.")
    return tuple(keys)


def signed(keys: tuple[ServiceKey, ...], *, method: str, path: str, body: bytes, caller: str) -> str:
    """Return the Authorization header for a request that is sent now.

    Raises:
        ContractDeclarationError: there is no key to sign with.
    """
    if not keys:
        raise ContractDeclarationError("SERVICE_KEYS is empty, so no other service can be asked.")
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    signature = _signature(keys[0], method, path, body, timestamp, nonce, caller)
    return f"{SCHEME} key={keys[0].id},timestamp={timestamp},nonce={nonce},signature={signature}"


def verify(
    keys: tuple[ServiceKey, ...],
    nonces: NonceStore,
    authorization: str,
    *,
    method: str,
    path: str,
    body: bytes,
    caller: str,
) -> None:
    """Accept a signed request, once.

    Raises:
        CallerRefused: not signed by a known key, altered, too old or too new, or seen before.
    """
    scheme, _, fields_text = authorization.partition(" ")
    fields = dict(field.partition("=")[::2] for field in fields_text.split(","))
    if scheme != SCHEME or set(fields) != {"key", "timestamp", "nonce", "signature"}:
        raise CallerRefused(f"The request carries no {SCHEME} authorization.")
    key = next((key for key in keys if key.id == fields["key"]), None)
    if key is None:
        raise CallerRefused("The request is signed with a key that is not known here.")
    expected = _signature(key, method, path, body, fields["timestamp"], fields["nonce"], caller)
    if not hmac.compare_digest(expected.encode(), fields["signature"].encode()):
        raise CallerRefused("The signature does not fit the request.")
    # From here on the fields are the signer's own.
    age = time.time() - int(fields["timestamp"])
    if abs(age) > CLOCK_WINDOW_SECONDS:
        raise CallerRefused(f"The signature is {age:.0f} seconds old; at most {CLOCK_WINDOW_SECONDS} are accepted.")
    if not nonces.first_use(fields["nonce"], lifetime_seconds=2 * CLOCK_WINDOW_SECONDS):
        raise CallerRefused("This very request was received before.")


def _signature(key: ServiceKey, method: str, path: str, body: bytes, timestamp: str, nonce: str, caller: str) -> str:
    text = "\n".join((SCHEME, method, path, hashlib.sha256(body).hexdigest(), timestamp, nonce, caller))
    return hmac.digest(key.secret, text.encode(), "sha256").hex()
