"""What a running shop was seen doing, where that can be read from here."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import Error

from infra.boundaries.map.model import ObservedArrow
from infra.boundaries.observation.reading import observed_arrows
from infra.boundaries.observation.storing import ALIAS
from infra.databases.configuration import url_variable
from infra.databases.preparation import embedded_server
from infra.databases.reachability import complaint_about


class NotWatchedError(Exception):
    """Nothing observed can be shown; the message says why."""


def watched() -> Sequence[ObservedArrow]:
    """Return what was observed.

    Raises:
        NotWatchedError: the database is out of reach or not migrated, or no shop has run with it.
    """
    server = embedded_server()
    if server and not server.is_running():
        raise NotWatchedError("the shop of this checkout does not run. Start it (make run) to see what it does, too.")
    # A connection from the pool would be waited for; this says at once that nobody listens.
    if complaint := complaint_about(settings.DATABASES[ALIAS], f"The database of {ALIAS}", url_variable(ALIAS)):
        raise NotWatchedError(complaint)
    try:
        arrows = observed_arrows()
    except Error as error:
        raise NotWatchedError(f"What was observed cannot be read: {error}") from error
    if not arrows:
        raise NotWatchedError("No shop has run with this database yet, so nothing was observed.")
    return arrows
