"""Wiring of the users module."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Provides the contract and listens."""

    name = "modules.users"
    label = "users"
    verbose_name = "Customers"

    def ready(self) -> None:
        from infra.contracts import provide
        from modules.users import handlers, tasks  # noqa: F401 importing them is what registers them
        from modules.users.contract import UsersContract
        from modules.users.service import UsersService

        provide(UsersContract, UsersService())
