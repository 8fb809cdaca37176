"""The WSGI application of the payments service."""

from infra.service.process import web_application

application = web_application("extracted.payments.settings")
