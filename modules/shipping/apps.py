from django.apps import AppConfig


class ShippingConfig(AppConfig):
    name = "modules.shipping"
    label = "shipping"

    def ready(self) -> None:
        from infra.contracts import provide
        from modules.shipping import handlers, tasks  # noqa: F401  # importing them registers them
        from modules.shipping.contract import ShippingContract
        from modules.shipping.gateways import built_in  # noqa: F401  # its book is one of this app's models
        from modules.shipping.service import ShippingService

        provide(ShippingContract, ShippingService())
