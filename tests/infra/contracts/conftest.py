"""The echo module answers in every test here, and `tests` may ask it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from infra.contracts.testing import standing_in
from tests.infra.contracts.echo import Echo, EchoContract


@pytest.fixture
def echo(settings: Settings) -> Iterator[Echo]:
    settings.ROOT_URLCONF = "infra.http.contract_urls"  # no module of the shop is needed here
    settings.CONTRACT_CALLERS = {**settings.CONTRACT_CALLERS, "echo.v1": ("tests",)}
    with standing_in(EchoContract, Echo()) as implementation:
        yield implementation
        implementation.may_go_on.set()
