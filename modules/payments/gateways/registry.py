"""Which providers there are.

`settings.PAYMENT_PROVIDERS` names their classes by dotted path. A team's own may stand in any package; its class takes no
arguments and reads its credentials from settings. A way of paying is served by the first provider that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from infra.boundaries.loading import configured
from modules.payments.gateways.provider import Provider

_providers: dict[str, Provider] = {}


def providers() -> dict[str, Provider]:
    """Return the providers by name."""
    if not _providers:
        made: list[Provider] = [configured(path, module="payments")() for path in settings.PAYMENT_PROVIDERS]
        _providers.update({provider.name: provider for provider in made})
    return _providers


def provider_for(method: str) -> Provider | None:
    """Return who serves a way of paying, None when nobody does."""
    return next((provider for provider in providers().values() if method in provider.methods), None)


def methods() -> list[str]:
    """Return the ways of paying that the shop offers."""
    return sorted({method for provider in providers().values() for method in provider.methods})


@contextmanager
def replaced(provider: Provider) -> Iterator[None]:
    """Within the block, use another provider under its name; for tests that let one fail."""
    earlier = dict(providers())
    _providers[provider.name] = provider
    try:
        yield
    finally:
        _providers.clear()
        _providers.update(earlier)
