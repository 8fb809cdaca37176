"""Identifiers that sort by the instant of their making."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): unguessable in its last 74 bits, sorted by creation time."""
    return uuid7()
