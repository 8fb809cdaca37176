"""What each process of a service begins with."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

if TYPE_CHECKING:  # a process without a broker does not load Celery
    from celery import Celery


def web_application(settings_module: str) -> WSGIHandler:
    """Return the WSGI application of a service, with its threads started: it follows the record, relays, and keeps the clock.

    Args:
        settings_module: of this service; what the environment names belongs to another process of the shop.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from django.urls import get_resolver

    from infra.contracts.registry import refuse_incomplete_wiring
    from infra.databases.preparation import require_databases
    from infra.databases.reachability import DatabaseRefusal
    from infra.events.relay import start_in_background
    from infra.extraction.record import presence

    refuse_incomplete_wiring()
    _ = get_resolver().url_patterns  # a mistake in a view ends the process now, not the first request
    if not settings.EMBEDDED_ALIASES:  # on the embedded server, manage.py serve has prepared it
        try:
            require_databases()
        except DatabaseRefusal as refusal:
            _give_up(str(refusal))
    presence.start()
    start_in_background()
    return application


def worker_application(settings_module: str) -> Celery:
    """Return the Celery app of a service, whose workers handle its module's events and run its periodic tasks.

    Args:
        settings_module: of this service, as above.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    from infra.events.broker import queue_of
    from infra.events.celery_app import carrying_app

    return carrying_app(f"banyan-{settings.SERVICE_OF}", default_queue=queue_of(settings.SERVICE_OF))


def _give_up(text: str) -> NoReturn:
    sys.stderr.write(f"{text}\n")
    raise SystemExit(3)  # tells gunicorn to give up rather than to try again
