"""What the payment tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.payments.hostile_provider import HostileProvider, hostile


@pytest.fixture(autouse=True)
def _shop(settings: Settings) -> None:
    settings.SHOP_TAX_RATE_PERCENT = "19"
    settings.PAYMENT_CAPTURE = "immediate"


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    """The built-in provider, behind a switch."""
    with hostile() as provider:
        yield provider
