"""Wiring of the payments module."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Provides the contract, listens, and registers the periodic tasks."""

    name = "modules.payments"
    label = "payments"

    def ready(self) -> None:
        from infra.contracts import provide
        from modules.payments import handlers, tasks  # noqa: F401 importing them is what registers them
        from modules.payments.contract import PaymentsContract
        from modules.payments.service import PaymentsService

        provide(PaymentsContract, PaymentsService())
