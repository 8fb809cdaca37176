"""Orders at home here, and a service for it that runs and may not write yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from infra.contracts import contract, declaration, resolve
from infra.contracts.http_route import close_peers
from infra.contracts.testing import standing_in
from infra.events.subscriptions import forget
from infra.extraction.record.values import Phase
from tests.databases import Sweeper
from tests.extraction.calls.notes import CONTRACT, Notes, NotesContract, subscribe_all
from tests.extraction.calls.place import Place, beginning, record_url, two_databases
from tests.infra.events.effects import remember
from tests.infra.events.facts import AlsoHappened, Happened


@pytest.fixture(scope="session")
def service(
    sweeper: Sweeper,
    live_server_address: str,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Place]:
    """The second database, and the process of the service: one for all tests here."""
    with (
        django_db_blocker.unblock(),
        two_databases() as place,
        place.running_service(live_server_address, tmp_path_factory.mktemp("service")),
    ):
        yield place


@pytest.fixture
def place(service: Place, database: None, settings: Settings, live_server_address: str) -> Iterator[Place]:
    """This process and the service follow the record, which says that every write reaches both sides."""
    settings.EXTRACTION_RECORD_URL = record_url()
    settings.ROOT_URLCONF = "infra.http.contract_urls"
    settings.CONTRACT_CALLERS = {**settings.CONTRACT_CALLERS, CONTRACT: ("tests", "payments")}
    settings.EVENT_CONSUMERS = {Happened.name: ("orders",), AlsoHappened.name: ("orders",)}
    settings.MONOLITH_URL = live_server_address
    with beginning(service):
        service.say(phase=Phase.DUAL_WRITE)
        yield service
    close_peers()


@pytest.fixture
def notes(place: Place) -> Iterator[Notes]:
    """The contract's implementation in this process."""
    contract(CONTRACT)(NotesContract)
    try:
        with standing_in(NotesContract, Notes("monolith")) as implementation:
            yield implementation
    finally:
        declaration.forget(NotesContract)


@pytest.fixture
def asked(notes: Notes) -> Any:
    """The object through which the tests ask, made before anything moves."""
    return resolve(NotesContract, caller="tests")


@pytest.fixture
def hearing() -> Iterator[None]:
    """Handlers in this process that remember the tests' events."""
    subscribe_all()
    yield
    forget("orders", Happened.name, remember)
    forget("orders", AlsoHappened.name, remember)
