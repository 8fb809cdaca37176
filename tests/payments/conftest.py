"""What the payment tests share."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _tax(settings: Settings) -> None:
    settings.SHOP_TAX_RATE_PERCENT = "19"
    settings.PAYMENT_CAPTURE = "immediate"
