"""Calls in process that take as long as a network would: to feel on a laptop what chatter will cost."""

from __future__ import annotations

import time

from django.conf import settings

from infra.contracts import registry
from infra.contracts.declaration import Method


def delay(method: Method, asker: str) -> None:
    """Wait `settings.CONTRACT_LATENCY_MS` before a call to a module that lives in this process."""
    module = method.contract.partition(".")[0]
    if registry.wiring().locations.get(module, registry.LOCAL) == registry.LOCAL:
        time.sleep(settings.CONTRACT_LATENCY_MS / 1000)
