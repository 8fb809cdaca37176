from django.apps import AppConfig
from django.conf import settings


class ServiceConfig(AppConfig):
    """Lets the service's database follow the record."""

    name = "infra.service"
    label = "service"

    def ready(self) -> None:
        from infra.databases import binding
        from infra.extraction.record import presence
        from infra.service.following import follow

        binding.watch_requests()
        presence.on_change(follow)
        if "BINDINGS" in settings.DATABASES[settings.SERVICE_OF]:
            binding.bind(settings.SERVICE_OF, binding.OWN)
