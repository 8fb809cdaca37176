"""The way to the carrier."""

from django.conf import settings
from django.utils.module_loading import import_string

from modules.shipping.gateways.carrier import Carrier


def the_carrier() -> Carrier:
    """Return the carrier that the shop sends with: the setting SHIPPING_CARRIER names its class."""
    carrier: Carrier = import_string(settings.SHIPPING_CARRIER)()
    return carrier
