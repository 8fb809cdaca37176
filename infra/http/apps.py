from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries


class HttpConfig(AppConfig):
    name = "infra.http"
    label = "http"

    def ready(self) -> None:
        # Django walks all aliases of the database four times per request, which takes longer than routing it. With a pool each
        # connection goes back when a request ends, so at its start there is nothing to close; and queries are kept in DEBUG only.
        request_started.disconnect(close_old_connections)
        if not settings.DEBUG:
            request_started.disconnect(reset_queries)
