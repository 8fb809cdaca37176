"""Wiring of the catalog."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Provides the contract and listens."""

    name = "modules.catalog"
    label = "catalog"

    def ready(self) -> None:
        from infra.contracts import provide
        from modules.catalog import handlers, tasks  # noqa: F401  # importing them registers them
        from modules.catalog.contract import CatalogContract
        from modules.catalog.service import CatalogService

        provide(CatalogContract, CatalogService())
