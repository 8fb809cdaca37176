"""What guards see in a running shop is kept by rule and place, and shown by the report."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings as django_settings
from django.db import transaction
from pytest_django import Settings

from infra.boundaries.observation.reading import observed
from infra.boundaries.observation.storing import Store
from infra.boundaries.report.layers import Place
from infra.boundaries.report.observed import look_at_run_time
from modules.catalog.events import ProductWithdrawn
from tests.boundaries.runtime.planted import code_of

PUBLISHES = """
from infra.events.outbox import publish

def planted(event):
    publish(event)
"""


def test_a_crossing_is_counted_by_rule_and_place_and_reported(store: Store, settings: Settings) -> None:
    settings.GUARD_POLICY = "log"
    for number in range(3):
        with transaction.atomic(using="orders"), transaction.atomic(using="catalog"):
            code_of("catalog", PUBLISHES)(ProductWithdrawn(product_id=UUID(int=number)))
    store.store()

    (reported,) = look_at_run_time(Place(manifests=django_settings.MANIFESTS, house=django_settings.HOUSE)).findings
    assert (reported.rule.id, reported.module) == ("BND402", "catalog")
    assert "3 times" in reported.detail
    (crossing,) = observed().crossings
    assert (crossing.rule, crossing.module, crossing.count) == ("BND402", "catalog", 3)
    assert (crossing.source, crossing.target) == ("modules.catalog.planted.planted", "transaction on orders")


def test_what_keeps_to_its_own_is_not_counted(store: Store) -> None:
    with transaction.atomic(using="catalog"):
        code_of("catalog", PUBLISHES)(ProductWithdrawn(product_id=UUID(int=1)))
    store.store()

    assert observed().crossings == ()
