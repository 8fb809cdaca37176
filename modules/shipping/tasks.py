"""What shipping does by itself."""

from __future__ import annotations

from django.utils import timezone

from infra.schedule.declaration import periodic
from modules.shipping.gateways import the_carrier
from modules.shipping.use_cases import carriage

LONGEST_RUN_BATCHES = 50  # then other periodic work gets its turn


@periodic(every_seconds=5)
def ask_the_carrier() -> None:
    """Buy labels, hand parcels over and fetch tracking, as far as it is due."""
    carrier = the_carrier()
    for _ in range(LONGEST_RUN_BATCHES):
        if not carriage.ask_the_carrier(now=timezone.now(), carrier=carrier):
            return
