from collections.abc import Iterator

import pytest

from tests.compatibility.versions import forget_versions


@pytest.fixture(autouse=True)
def _forgotten_afterwards() -> Iterator[None]:
    yield
    forget_versions()
