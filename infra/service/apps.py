from django.apps import AppConfig
from django.conf import settings


class ServiceConfig(AppConfig):
    """Lets the service's database follow the record."""

    name = "infra.service"
    label = "service"

    def ready(self) -> None:
        from infra.databases import binding
        from infra.extraction.record import presence
        from infra.service.following import follow, look_once

        if "BINDINGS" not in settings.DATABASES[settings.SERVICE_OF]:
            return  # in tests there is one database
        binding.watch_requests()
        presence.on_change(follow)
        # Commands do not follow the record: they look at it when they first want a connection.
        binding.choose_with(settings.SERVICE_OF, look_once)
