"""The WSGI application of the single web app."""

import os
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from infra.boundaries.observation.storing import observe_in_background
from infra.contracts.registry import refuse_incomplete_wiring
from infra.databases.preparation import require_databases, require_migrated
from infra.databases.reachability import DatabaseRefusal
from infra.events.relay import start_in_background
from infra.extraction.record import presence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.production")
application = get_wsgi_application()
refuse_incomplete_wiring()
_ = get_resolver().url_patterns  # a mistake in a view ends the process now, not the first request
if not settings.EMBEDDED_ALIASES:  # on the embedded server, manage.py serve has prepared them
    try:
        require_databases()
        require_migrated()
    except DatabaseRefusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(3) from refusal  # tells gunicorn to give up rather than to try again
presence.start()
observe_in_background()
start_in_background()
