"""What payments needs of its surroundings; for composition roots, which put it among their settings."""

from __future__ import annotations

from pathlib import Path

from infra.deployment.environment import Environment


def declared(env: Environment, kept: Path | None) -> dict[str, object]:
    """Return the module's settings.

    Args:
        kept: where a laptop keeps what it makes up; None in production.
    """
    return {
        # Dotted paths of the payment providers' classes (gateways/provider.py says how to write one).
        "PAYMENT_PROVIDERS": env.words("PAYMENT_PROVIDERS", "modules.payments.gateways.sandbox.SandboxProvider"),
        # When money is taken: with the order, or when the parcel leaves.
        "PAYMENT_CAPTURE": env.choice("PAYMENT_CAPTURE", "immediate", ("immediate", "on_dispatch")),
        # By provider, the secrets that sign its webhooks (whsec_ and base64), several while one is rotated; without one none is
        # accepted.
        "PAYMENT_WEBHOOK_SECRETS": {"sandbox": env.words("SANDBOX_WEBHOOK_SECRETS", "")},
        # Prices contain tax at this rate; invoices and ledger show it. A decimal number (8.1 exists); 0: no tax is shown. On a
        # laptop invoices show what they can.
        "SHOP_TAX_RATE_PERCENT": env.text("SHOP_TAX_RATE_PERCENT", "19" if kept else "0"),
    }
