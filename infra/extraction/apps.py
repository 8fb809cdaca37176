from django.apps import AppConfig


class ExtractionConfig(AppConfig):
    """The commands with which modules leave and return; what it remembers stands in `infra.extraction.record`."""

    name = "infra.extraction"
    label = "extraction"

    def ready(self) -> None:
        from infra.databases.standstill import refuse_migrations
        from infra.extraction.freezing.check import standstill

        refuse_migrations(standstill)
