"""The way to the carrier."""

from django.conf import settings

from infra.boundaries.loading import configured
from modules.shipping.gateways.carrier import Carrier


def the_carrier() -> Carrier:
    """Return the carrier that the shop sends with: the setting SHIPPING_CARRIER names its class."""
    carrier: Carrier = configured(settings.SHIPPING_CARRIER, module="shipping")()
    return carrier
