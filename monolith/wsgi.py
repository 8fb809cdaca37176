"""The WSGI application of the single web app."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.production")
application = get_wsgi_application()
