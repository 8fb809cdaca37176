"""What users needs of its surroundings; for composition roots, which put it among their settings."""

from __future__ import annotations

from pathlib import Path

from infra.deployment import passwords
from infra.deployment.environment import Environment
from infra.deployment.private_keys import kept_key, keys_from


def declared(env: Environment, kept: Path | None) -> dict[str, object]:
    """Return the module's settings.

    Args:
        kept: where a laptop keeps what it makes up; None in production, where every secret comes from the environment.
    """
    return {
        "TOKEN_SIGNING_KEYS": [kept_key(kept / "token-signing-key.pem")]
        if kept
        else keys_from(env.text("TOKEN_SIGNING_KEYS")),
        # It signs the tokens, so it knows the keys without asking.
        "VERIFICATION_KEYS": "modules.users.queries.signing_keys.public_keys",
        "PASSWORD_HASHERS": passwords.HASHERS,
        "AUTH_PASSWORD_VALIDATORS": passwords.VALIDATORS,
        # Whether accounts with well-known passwords may be made.
        "DEMO_ACCOUNTS": kept is not None,
        **_email(env, on_laptop=kept is not None),
    }


def _email(env: Environment, *, on_laptop: bool) -> dict[str, object]:
    sender = f"{env.text('SHOP_NAME', 'Banyan')} <shop@localhost>"
    common = {
        "DEFAULT_FROM_EMAIL": env.text("DEFAULT_FROM_EMAIL", sender),
        "EMAIL_TIMEOUT": 10,  # seconds; ten e-mails are sent within a lease of five minutes
    }
    if on_laptop:
        return {**common, "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return {
        **common,
        "EMAIL_HOST": env.text("EMAIL_HOST", "localhost"),
        "EMAIL_PORT": env.number("EMAIL_PORT", 587, least=1, most=65535),
        "EMAIL_HOST_USER": env.text("EMAIL_HOST_USER", " ").strip(),
        "EMAIL_HOST_PASSWORD": env.text("EMAIL_HOST_PASSWORD", " ").strip(),
        "EMAIL_USE_TLS": env.flag("EMAIL_USE_TLS", True),
    }
