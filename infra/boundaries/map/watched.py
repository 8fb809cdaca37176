"""What a running shop was seen doing, where that can be read from here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import Error

from infra.boundaries.map.model import ObservedArrow
from infra.boundaries.observation.reading import observed_arrows
from infra.boundaries.observation.storing import ALIAS
from infra.databases.preparation import complaint_about_alias


class NotWatchedError(Exception):
    """Nothing observed can be shown; the message says why."""


def watched() -> Sequence[ObservedArrow]:
    """Return what was observed.

    Raises:
        NotWatchedError: the database is out of reach or not migrated, or no shop has run with it.
    """
    if complaint := complaint_about_alias(ALIAS):
        raise NotWatchedError(complaint)
    try:
        arrows = observed_arrows()
    except Error as error:
        raise NotWatchedError(f"What was observed cannot be read: {error}") from error
    if not arrows:
        raise NotWatchedError("No shop has run with this database yet, so nothing was observed.")
    return arrows
