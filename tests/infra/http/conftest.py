from __future__ import annotations

import pytest
from pytest_django import Settings

from infra.http import authentication, verification_keys
from tests.infra.http import shop


@pytest.fixture(autouse=True)
def _small_shop(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.infra.http.shop"
    shop.effects.forget()
    verification_keys.forget()
    authentication._remembered.clear()


@pytest.fixture
def effects() -> shop.Effects:
    return shop.effects
