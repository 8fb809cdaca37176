"""What shipping needs of its surroundings; for composition roots, which put it among their settings."""

from __future__ import annotations

from pathlib import Path

from infra.deployment.environment import Environment


def declared(env: Environment, kept: Path | None) -> dict[str, object]:
    """Return the module's settings."""
    return {
        # Dotted path of the carrier's class (gateways/carrier.py says how to write one).
        "SHIPPING_CARRIER": env.text("SHIPPING_CARRIER", "modules.shipping.gateways.built_in.BuiltInCarrier"),
        # How long the built-in carrier pretends to travel: three minutes can be watched on a laptop.
        "BUILT_IN_CARRIER_TRANSIT_SECONDS": env.number("BUILT_IN_CARRIER_TRANSIT_SECONDS", 180, least=1),
    }
