"""Leases that say in which epoch of a module they were taken.

Who took one in an older epoch has lost the module since: the database refuses whatever it would write under the lease. So it may
be taken over at once, and nobody waits until it runs out. The epoch stands in the first four bytes, and databases compare UUIDs
byte by byte: a lease of an older epoch is smaller than `first_lease`. Leases from before, made at random, are larger than those
of any epoch to come, and simply run out.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from infra.extraction.record import presence

_RANDOM_BITS = 96


def new_lease(module: str) -> UUID:
    """Return a lease of the module's present epoch, as this process knows it; never the same twice."""
    return UUID(int=presence.where(module).epoch << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))


def first_lease(module: str) -> UUID:
    """Return the smallest lease of the module's present epoch."""
    return UUID(int=presence.where(module).epoch << _RANDOM_BITS)
