"""The settings of this package, each with the value that holds where the project sets none."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from infra.extraction import home

_DEFAULTS: dict[str, Any] = {
    "EVENTS_RETENTION_DAYS": 30,  # handed-over events are kept this long, for questions and for moving a module
    "EVENTS_ATTEMPTS": 8,  # with the two below: about two minutes of trying, longer than a deployment's restart
    "EVENTS_BACKOFF_SECONDS": 1.0,
    "EVENTS_BACKOFF_CAP_SECONDS": 300.0,
    "EVENTS_HOP_LIMIT": 16,  # a longer chain of events is taken for a circle
    "EVENTS_LEASE_SECONDS": 30.0,  # a killed relay's streams rest this long
    "EVENTS_POLL_SECONDS": 0.05,  # `manage.py relay` notices the commits of other processes within this time
    # A web process is woken by its own commits; only those of other processes, and what is due again, wait for this.
    "EVENTS_POLL_IN_WEB_SECONDS": 0.25,
    "EVENTS_RESEND_SECONDS": 60.0,  # what a broker has not delivered by then is sent again
    "EVENTS_RELAY_IN_WEB": True,  # False where `manage.py relay` runs as a process of its own
}


def setting(name: str) -> Any:
    return getattr(settings, name, _DEFAULTS[name])


def modules() -> tuple[str, ...]:
    """Return the modules with tables in this process's databases."""
    return tuple(alias for alias in settings.DATABASES if alias != "default")


def installed_modules() -> tuple[str, ...]:
    """Return the modules that this process can run, wherever their tables are the truth now."""
    return tuple(name for name in modules() if is_installed(name))


def is_installed(module: str) -> bool:
    """Return whether this process can run the module, wherever its tables are the truth now."""
    locations = getattr(settings, "MODULE_LOCATIONS", {})
    return module in settings.DATABASES and locations.get(module, home.LOCAL) == home.LOCAL


def local_modules() -> tuple[str, ...]:
    """Return the modules whose tables this process may write now: their outboxes are relayed and their handlers called here.

    It changes while the process runs, when a module moves: ask again each round.
    """
    return tuple(name for name in installed_modules() if home.is_here(name))


def broker_url() -> str:
    return str(getattr(settings, "CELERY_BROKER_URL", "") or "")
