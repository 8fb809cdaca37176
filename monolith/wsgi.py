"""The WSGI application of the single web app."""

import os

from django.core.wsgi import get_wsgi_application

from infra.contracts.registry import refuse_incomplete_wiring
from infra.events.relay import start_in_background

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.production")
application = get_wsgi_application()
refuse_incomplete_wiring()
start_in_background()
