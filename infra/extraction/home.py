"""Whether a module's tables are the truth in this process, where to turn when they are not, and work that only then is done."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from infra.extraction.admission import HeldTooLong
from infra.extraction.fence import refused_by_fence
from infra.extraction.record import presence
from infra.extraction.record.values import SERVICE

LOCAL = "local"
logger = logging.getLogger("infra.extraction")
_told: set[tuple[str, int, bool]] = set()


class NotHere(Exception):
    """A module is held, or does not live (any more) where something was to be done for it; nothing was done."""


def address_of(module: str) -> str | None:
    """Return the base URL of the process that writes a module's tables now: "" for this one, None where nobody knows.

    The record counts before `settings.MODULE_LOCATIONS`. A service turns to the monolith for whatever has no service.
    """
    where = presence.where(module)
    location = str(getattr(settings, "MODULE_LOCATIONS", {}).get(module, LOCAL))
    service_of = getattr(settings, "SERVICE_OF", "")
    if service_of == module:
        # A service that follows no record lives alone for good.
        return "" if where.home == SERVICE or not settings.EXTRACTION_RECORD_URL else str(settings.MONOLITH_URL)
    if where.home == SERVICE and where.service:
        return where.service
    if location != LOCAL:
        return location
    if where.home == SERVICE:
        return None
    if service_of:
        return str(settings.MONOLITH_URL)
    return "" if module in settings.DATABASES else None


def is_here(module: str) -> bool:
    """Return whether this process may write the module's tables: it relays, handles and runs what is due."""
    return address_of(module) == ""


@contextmanager
def at_home(module: str) -> Iterator[None]:
    """Do a round of work that writes a module's tables, counted among the writes that a switch waits for.

    It never waits for a held module, as whoever relays or runs what is due comes again by itself. A round that takes longer than
    a switch waits (`admission.DRAIN_SECONDS`), a long periodic task for instance, does not hold the switch up: that goes back,
    and tries again until it meets a moment without one.

    Raises:
        NotHere: the module is held or lives elsewhere, or the database refused a write for that reason.
    """
    try:
        with presence.admission.writing(module, seconds=0):
            if not is_here(module):
                raise NotHere(f"{module} does not live here (any more).")
            yield
    except HeldTooLong as held:
        raise NotHere(f"{module} is held.") from held
    except Exception as error:
        if has_moved(module, error) and not isinstance(error, NotHere):
            raise NotHere(f"{module} has moved: the database refuses its writes here.") from error
        raise


def has_moved(module: str, error: BaseException) -> bool:
    """Return whether a failure only means that a module has moved away; notes that in the log, once per move.

    A module that no record tells of has not moved: there a refused write is a defect.
    """
    if isinstance(error, NotHere):
        return True
    where = presence.where(module)
    if not where.revision or not refused_by_fence(error):
        return False
    if (told := (module, where.epoch, is_here(module))) not in _told:
        _told.add(told)
        if is_here(module):
            logger.warning(
                "The database refuses writes of %s here, and the record does not say yet that it moved", module
            )
        else:
            logger.info("%s has moved: what was under way for it here goes on where it lives now", module)
    return True
