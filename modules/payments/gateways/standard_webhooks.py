"""Signing and checking webhooks by the Standard Webhooks specification (symmetric, `v1`)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

TOLERANCE = timedelta(minutes=5)  # the specification's own: longer lets recorded requests be sent again


class BadSignature(ValueError):
    """The headers are missing, too old or too new, or no signature fits the bytes."""


def signed_headers(*, secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers that go with `body`."""
    timestamp = str(int(at.timestamp()))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_signature(secret, event_id, timestamp, body)}",
    }


def verified_id(*, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the event's id when one of the signatures is by one of the secrets (several while one is rotated).

    Raises:
        BadSignature: otherwise, and always without a secret.
    """
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = [
        signature for version, _, signature in (word.partition(",") for word in headers.get("webhook-signature", "").split())
        if version == "v1"
    ]  # fmt: skip
    if not event_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12 or not signatures:
        raise BadSignature("webhook-id, webhook-timestamp and a v1 webhook-signature are needed.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature("The webhook's time is too far from ours.")
    expected = [_signature(secret, event_id, timestamp, body) for secret in secrets if secret]
    # Every pair is compared, each in constant time.
    fits = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in expected for theirs in signatures]
    if not any(fits):
        raise BadSignature("No signature fits.")
    return event_id


def _signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("A webhook secret is whsec_ and base64.") from None
    signed = b".".join([event_id.encode(), timestamp.encode(), body])
    return base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
