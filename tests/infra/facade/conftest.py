from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.extraction.record import presence
from infra.extraction.record.values import Phase, Where
from infra.facade import forwarding
from infra.http import authentication, verification_keys
from tests.infra.facade.front import Front
from tests.infra.facade.service import Service

Record = Callable[..., None]


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    verification_keys.forget()
    authentication._remembered.clear()
    yield
    presence.admission.change({})
    forwarding.close_peers()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service().start()
    yield made
    made.stop()


@pytest.fixture
def front() -> Iterator[Front]:
    made = Front()
    yield made
    made.stop()


@pytest.fixture
def record(service: Service) -> Record:
    """Tells this process what the record says of the catalog; without a change of the phase, its service has a share."""
    revision = 0

    def tell(phase: Phase = Phase.SHARED_DATABASE, *, module: str = "catalog", **values: Any) -> None:
        nonlocal revision
        revision += 1
        values.setdefault("addresses", {"service": service.address})
        presence.admission.change({module: Where(module=module, phase=phase, revision=revision, **values)})

    return tell
