"""The map of this shop: what its modules declare, beside what was seen."""

from __future__ import annotations

from django.conf import settings

from infra.boundaries.map.model import Map, drawn
from infra.boundaries.map.watched import NotWatchedError, watched


def shop_map() -> tuple[Map, str]:
    """Return the map, and why it shows no observations; empty where it does."""
    everywhere = settings.HOUSE.above
    try:
        return drawn(settings.MANIFESTS, watched(), everywhere=everywhere), ""
    except NotWatchedError as reason:
        return drawn(settings.MANIFESTS, everywhere=everywhere), str(reason)
