from __future__ import annotations

import pytest

from tests.shipping.fakes import FakeCarrier


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()
