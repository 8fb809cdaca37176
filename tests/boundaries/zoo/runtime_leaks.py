"""Leaks that only show while the shop runs, planted in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from infra.boundaries.findings import Finding
from infra.boundaries.runtime.budget import CallBudgetExceeded
from infra.boundaries.runtime.policy import collected
from infra.boundaries.runtime.statements import ForeignStatement
from infra.boundaries.runtime.transactions import CallInOpenTransaction, ForeignEvent, PublishInForeignTransaction
from infra.contracts import context, journeys, resolve
from infra.contracts.calls import MAX_HOPS
from infra.contracts.errors import NoPlainValue, TooManyCallsDeep
from infra.contracts.testing import standing_in
from modules.catalog.contract import CatalogContract
from modules.catalog.events import ProductWithdrawn
from modules.catalog.models import Product
from tests.boundaries.runtime.planted import code_of
from tests.boundaries.zoo.specimens import Habitat, Plant, Specimen
from tests.infra.contracts.echo import OAK, Echo, EchoContract

_REFUSALS = (
    CallBudgetExceeded, CallInOpenTransaction, ForeignEvent, ForeignStatement, NoPlainValue, PublishInForeignTransaction,
    TooManyCallsDeep,
)  # fmt: skip
_WITHDRAWN = ProductWithdrawn(product_id=UUID(int=1))


def _seen(run: Callable[[], object]) -> Plant:
    """Return what the guards see while something runs."""

    def plant(habitat: Habitat) -> Iterable[Finding]:
        habitat.fixture("database")
        settings = habitat.fixture("settings")
        settings.CONTRACT_CALLERS = {**settings.CONTRACT_CALLERS, "echo.v1": ("tests", "orders")}
        settings.CONTRACT_CALL_BUDGET = 3
        with collected() as found, suppress(*_REFUSALS, DatabaseError):
            run()
        return found

    return plant


def _runs(module: str, text: str, **names: Any) -> Plant:
    return _seen(lambda: code_of(module, text)(**names))


def _offers(times: int, *, inside: str | None = None) -> Callable[[], None]:
    """Ask the catalog so often, in a request of orders, inside a transaction or not."""

    def ask() -> None:
        catalog = resolve(CatalogContract, caller="orders")
        journey = journeys.begin("request")
        try:
            if inside is None:
                for _ in range(times):
                    catalog.offers(references=["none"], currency="EUR")
            else:
                with transaction.atomic(using=inside):
                    catalog.offers(references=["none"], currency="EUR")
        finally:
            journeys.end(journey)

    return ask


def _tree(answer: object) -> Callable[[], None]:
    """Ask for a tree, and be answered with something."""

    def ask() -> None:
        with standing_in(EchoContract, Echo(instead=answer)):
            resolve(EchoContract, caller="tests").tree(tree=OAK)

    return ask


def _deep(hops: int) -> Callable[[], None]:
    def ask() -> None:
        with standing_in(EchoContract, Echo()), context.carrying(hops=hops):
            resolve(EchoContract, caller="tests").travelled()

    return ask


_PUBLISHES = """
from django.db import transaction
from infra.events.outbox import publish

def planted(event, alias):
    with transaction.atomic(using=alias), transaction.atomic(using="catalog"):
        publish(event)
"""
_READS = """
from django.db import connections

def planted(alias, statement):
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
"""
_ANNOUNCES = """
from infra.events.outbox import publish

def planted(event):
    publish(event)
"""
_EVALUATES = "def planted(rows):\n    return list(rows)"


def _announced_by(module: str) -> None:
    with transaction.atomic(using="catalog"):
        code_of(module, _ANNOUNCES)(_WITHDRAWN)


SPECIMENS: tuple[Specimen, ...] = (
    Specimen(
        name="atomic() held open over a call to another module",
        rule="BND401",
        number=17,
        leak=_seen(_offers(1, inside="orders")),
        twin=_seen(_offers(1)),
    ),
    Specimen(
        name="a call inside a transaction on the composition root's alias",
        rule="BND401",
        number=None,
        leak=_seen(_offers(1, inside="default")),
        twin=_seen(_offers(2)),
    ),
    Specimen(
        name="an event published while another module's transaction is open",
        rule="BND402",
        number=None,
        leak=_runs("catalog", _PUBLISHES, event=_WITHDRAWN, alias="orders"),
        twin=_runs("catalog", _PUBLISHES, event=_WITHDRAWN, alias="catalog"),
    ),
    Specimen(
        name="a contract that answers with a live model",
        rule="BND403",
        number=16,
        leak=_seen(_tree(Product())),
        twin=_seen(_tree(OAK)),
    ),
    Specimen(
        name="a contract that answers with a queryset",
        rule="BND403",
        number=None,
        leak=_seen(_tree(Product.objects.none())),
        twin=_seen(_tree(OAK)),
    ),
    Specimen(
        name="raw SQL on another module's table",
        rule="BND404",
        number=9,
        leak=_runs("orders", _READS, alias="orders", statement="SELECT id FROM catalog_stock"),
        twin=_runs("orders", _READS, alias="orders", statement="SELECT id AS catalog_stock FROM orders_order"),
    ),
    Specimen(
        name="raw SQL on another module's connection",
        rule="BND405",
        number=None,
        leak=_runs("orders", _READS, alias="catalog", statement="SELECT 1"),
        twin=_runs("catalog", _READS, alias="catalog", statement="SELECT 1"),
    ),
    Specimen(
        name="another module's queryset, evaluated later and elsewhere",
        rule="BND405",
        number=None,
        leak=_seen(lambda: code_of("orders", _EVALUATES)(Product.objects.all())),
        twin=_seen(lambda: code_of("catalog", _EVALUATES)(Product.objects.all())),
    ),
    Specimen(
        name="a call per row instead of one for all",
        rule="BND406",
        number=None,
        leak=_seen(_offers(4)),
        twin=_seen(_offers(3)),
    ),
    Specimen(
        name="modules that ask each other without an end",
        rule="BND407",
        number=None,
        leak=_seen(_deep(MAX_HOPS)),
        twin=_seen(_deep(1)),
    ),
    Specimen(
        name="an event in another module's name",
        rule="BND408",
        number=None,
        leak=_seen(lambda: _announced_by("orders")),
        twin=_seen(lambda: _announced_by("catalog")),
    ),
)
