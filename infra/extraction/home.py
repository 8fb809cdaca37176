"""Whether a module's tables are the truth in this process, and where to turn when they are not."""

from __future__ import annotations

from django.conf import settings

from infra.extraction.record import presence
from infra.extraction.record.values import SERVICE

LOCAL = "local"


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
