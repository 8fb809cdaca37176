import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections, transaction
from pytest_django import Settings

from infra.boundaries.runtime import rules
from infra.boundaries.runtime.policy import findings_seen, lines
from infra.boundaries.runtime.transactions import CallInOpenTransaction
from infra.databases.open_transactions import open_transactions
from tests.contract_routes import EachRoute
from tests.infra.contracts.echo import Echo, EchoContract

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("alias", django_settings.ALIASES)
def test_a_call_in_an_open_transaction_is_refused_whatever_its_alias(
    each_route: EachRoute, echo: Echo, alias: str
) -> None:
    with transaction.atomic(using=alias), pytest.raises(CallInOpenTransaction, match=alias) as caught:
        each_route(EchoContract).travelled()

    assert "tests/boundaries/runtime/test_transactions.py:" in str(caught.value), (
        "the refusal says where the call is made"
    )
    assert rules.CALL_IN_TRANSACTION.recipe in str(caught.value), "and what to do"
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
    lines.forget()
    before = _counted()

    with caplog.at_level(logging.ERROR), transaction.atomic(using="payments"):
        each_route(EchoContract).travelled()

    assert _counted() == before + 1
    (record,) = (record for record in caplog.records if record.name == "infra.boundaries.runtime")
    assert "payments, at tests/boundaries/runtime/test_transactions.py" in record.getMessage()
    assert vars(record)["call_site"].startswith("tests/boundaries/runtime/test_transactions.py:")


def _counted() -> float:
    read: Callable[[], float] = findings_seen.labels("BND401", "tests", "echo.v1 travelled")._value.get
    return read()
