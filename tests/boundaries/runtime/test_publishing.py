from __future__ import annotations

from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import Settings

from infra.boundaries.runtime.policy import collected
from infra.boundaries.runtime.transactions import ForeignEvent, PublishInForeignTransaction
from infra.events.outbox import publish
from modules.catalog.events import ProductWithdrawn
from tests.boundaries.runtime.planted import code_of

pytestmark = pytest.mark.usefixtures("database")

WITHDRAWN = ProductWithdrawn(product_id=UUID(int=1))
PUBLISHES = """
from infra.events.outbox import publish

def planted(event):
    publish(event)
"""


def test_publishing_inside_another_modules_transaction_is_refused() -> None:
    with (
        transaction.atomic(using="orders"),
        transaction.atomic(using="catalog"),
        pytest.raises(
            PublishInForeignTransaction, match="open transaction on orders, at tests/boundaries/runtime/test_pub"
        ),
    ):
        publish(WITHDRAWN)


def test_publishing_in_the_own_transaction_is_what_it_is_for() -> None:
    with collected() as found, transaction.atomic(using="catalog"):
        code_of("catalog", PUBLISHES)(WITHDRAWN)

    assert found == []


def test_a_module_does_not_speak_for_another() -> None:
    with (
        transaction.atomic(using="catalog"),
        pytest.raises(ForeignEvent, match=r"orders publishes catalog\.product_withdr"),
    ):
        code_of("orders", PUBLISHES)(WITHDRAWN)


def test_in_production_it_is_published_and_counted(settings: Settings) -> None:
    settings.GUARD_POLICY = "log"

    with collected() as found, transaction.atomic(using="orders"), transaction.atomic(using="catalog"):
        code_of("catalog", PUBLISHES)(WITHDRAWN)

    assert [(finding.rule.id, finding.module, finding.target) for finding in found] == [
        ("BND402", "catalog", "transaction on orders")
    ]
