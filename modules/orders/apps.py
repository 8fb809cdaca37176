"""Wiring of the orders module."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Provides the contract and listens."""

    name = "modules.orders"
    label = "orders"

    def ready(self) -> None:
        from infra.contracts import provide
        from modules.orders import handlers, tasks  # noqa: F401 importing them is what registers them
        from modules.orders.contract import OrdersContract
        from modules.orders.service import OrdersService

        provide(OrdersContract, OrdersService())
