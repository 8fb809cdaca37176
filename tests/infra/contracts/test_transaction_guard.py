import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections, transaction
from pytest_django import Settings

from infra.databases.transaction_guard import CallInOpenTransaction, calls_in_transactions, open_transactions
from tests.contract_routes import EachRoute
from tests.infra.contracts.echo import Echo, EchoContract

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("alias", django_settings.ALIASES)
def test_a_call_in_an_open_transaction_is_refused_whatever_its_alias(
    each_route: EachRoute, echo: Echo, alias: str
) -> None:
    with transaction.atomic(using=alias), pytest.raises(CallInOpenTransaction, match=alias) as caught:
        each_route(EchoContract).travelled()

    assert __file__ in str(caught.value), "the refusal says where the call is made"
    assert echo.calls == []


def test_all_open_aliases_are_named(each_route: EachRoute, echo: Echo) -> None:
    with (
        transaction.atomic(using="catalog"),
        transaction.atomic(using="orders"),
        pytest.raises(CallInOpenTransaction, match="catalog, orders"),
    ):
        each_route(EchoContract).travelled()


def test_a_call_after_the_transaction_is_made(each_route: EachRoute, echo: Echo) -> None:
    with transaction.atomic(using="orders"):
        pass

    each_route(EchoContract).travelled()

    assert open_transactions() == []


def test_switched_off_autocommit_is_an_open_transaction(each_route: EachRoute, echo: Echo) -> None:
    connections["orders"].ensure_connection()
    transaction.set_autocommit(False, using="orders")
    try:
        with pytest.raises(CallInOpenTransaction):
            each_route(EchoContract).travelled()
    finally:
        transaction.rollback(using="orders")
        transaction.set_autocommit(True, using="orders")


def test_the_transaction_around_a_django_test_case_does_not_count(each_route: EachRoute, echo: Echo) -> None:
    with transaction.atomic(using="orders"):
        block: Any = connections["orders"].atomic_blocks[-1]
        block._from_testcase = True
        each_route(EchoContract).travelled()
        with transaction.atomic(using="orders"), pytest.raises(CallInOpenTransaction):
            each_route(EchoContract).travelled()


def test_the_implementation_opens_its_own_transactions(each_route: EachRoute, echo: Echo) -> None:
    def in_transaction(name: str) -> None:
        with transaction.atomic(using="catalog"):
            seen.append(open_transactions())

    seen: list[list[str]] = []
    echo.before = in_transaction

    each_route(EchoContract).travelled()

    assert seen == [["catalog"]]


def test_in_production_the_call_is_made_counted_and_logged_with_its_call_site(
    each_route: EachRoute, echo: Echo, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GUARD_POLICY = "log"
    before = _counted("payments")

    with caplog.at_level(logging.ERROR), transaction.atomic(using="payments"):
        each_route(EchoContract).travelled()

    assert _counted("payments") == before + 1
    (record,) = (record for record in caplog.records if record.name == "infra.databases.transaction_guard")
    assert __file__ in record.getMessage()
    assert "test_in_production" in vars(record)["call_site"]


def _counted(alias: str) -> float:
    read: Callable[[], float] = calls_in_transactions.labels(alias, "echo.v1")._value.get
    return read()
