"""A staff member's session, translated for one request to a service, which knows no sessions.

The header says who acts, for which module, method and path, and until when, signed with the key of calls between
services. A copy is good for half a minute and for that very address only. No client can
send one: the facade takes the header off every request.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from infra.contracts.signing import ServiceKey

HEADER = "X-Actor"
META_KEY = "HTTP_X_ACTOR"
SECONDS = 30  # as long as a signed call is accepted
_SCHEME = "Banyan-Actor"  # so that no signature of anything else is one of an actor
_LONGEST = 2048


class ActorRefused(Exception):
    """The header is not signed by a known key, or for something else, or too old."""


class _Actor(msgspec.Struct, frozen=True):
    email: str
    audience: str
    method: str
    path: str
    expires_at: int


_decode = msgspec.json.Decoder(_Actor).decode


def signed_actor(keys: tuple[ServiceKey, ...], *, email: str, audience: str, method: str, path: str) -> str:
    """Return the header's value for a request that is sent now.

    Args:
        audience: the module that shall believe it.
        path: the decoded path, without the query.
    """
    actor = _Actor(email, audience, method, path, int(time.time()) + SECONDS)
    payload = urlsafe_b64encode(msgspec.json.encode(actor)).decode()
    return f"{keys[0].id},{payload},{_signature(keys[0], payload)}"


def verified_actor(keys: tuple[ServiceKey, ...], header: str, *, audience: str, method: str, path: str) -> str:
    """Return the e-mail address of the staff member who acts.

    Raises:
        ActorRefused: not good for this request; the text does not say why.
    """
    refusal = ActorRefused("The actor of this request can't be believed.")
    key_id, _, rest = header.partition(",")
    payload, _, signature = rest.partition(",")
    key = next((key for key in keys if key.id == key_id), None)
    if key is None or len(header) > _LONGEST:
        raise refusal
    if not hmac.compare_digest(_signature(key, payload).encode(), signature.encode()):
        raise refusal
    try:
        actor = _decode(urlsafe_b64decode(payload))
    except (ValueError, msgspec.DecodeError):
        raise refusal from None
    left = actor.expires_at - time.time()
    # Clocks of two machines may differ, but not by so much that a value is good for longer than twice its time.
    if not 0 < left <= 2 * SECONDS or (actor.audience, actor.method, actor.path) != (audience, method, path):
        raise refusal
    return actor.email


def _signature(key: ServiceKey, payload: str) -> str:
    return hmac.digest(key.secret, f"{_SCHEME}\n{payload}".encode(), "sha256").hex()
