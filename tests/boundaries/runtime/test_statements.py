"""Each statement of the tests is looked at: whose tables it names, and whose code runs it."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connections
from pytest_django import Settings

from infra.boundaries.runtime.policy import collected
from infra.boundaries.runtime.statements import ForeignStatement
from infra.contracts import resolve
from modules.catalog.contract import CatalogContract
from modules.catalog.models import Product
from tests.boundaries.runtime.planted import code_of

pytestmark = pytest.mark.usefixtures("database")

READS = """
from django.db import connections

def planted(alias, statement):
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
"""


def test_a_statement_that_names_a_foreign_table_is_refused_before_the_database_sees_it() -> None:
    reads = code_of("orders", READS)

    with pytest.raises(ForeignStatement, match="BND404") as caught:
        reads("orders", 'SELECT count(*) FROM "catalog_stock"')

    assert "catalog_stock, which is catalog's, at modules/orders/planted.py:6 in planted" in str(caught.value)


def test_a_foreign_schema_is_foreign_whatever_stands_in_it() -> None:
    with pytest.raises(ForeignStatement, match=r"catalog\.outbox_event, which is catalog's"):
        code_of("orders", READS)("orders", "DELETE FROM catalog.outbox_event")


def test_a_foreign_alias_is_refused_even_for_a_harmless_statement() -> None:
    with pytest.raises(ForeignStatement, match="BND405") as caught:
        code_of("orders", READS)("catalog", "SELECT 1")

    assert "Code of orders runs a statement on alias catalog, at modules/orders/planted.py:6" in str(caught.value)


def test_a_queryset_that_got_out_is_refused_where_it_is_evaluated() -> None:
    evaluates = code_of("orders", "def planted(rows):\n    return list(rows)")

    with pytest.raises(ForeignStatement, match=r"alias catalog, at modules/orders/planted\.py:2"):
        evaluates(Product.objects.all())


def test_own_tables_on_the_own_alias_are_nobodys_business() -> None:
    reads = code_of("orders", READS)

    with collected() as found:
        reads("orders", "SELECT count(*) FROM orders_order")
        reads("orders", "SELECT count(*) FROM outbox_event AS catalog_stock")

    assert found == []


def test_the_module_that_is_asked_uses_its_own_alias() -> None:
    asks = code_of("orders", 'def planted(catalog):\n    return catalog.offers(references=["no"], currency="EUR")')

    with collected() as found:
        asks(resolve(CatalogContract))

    assert found == []


def test_tests_and_the_composition_root_may_look_everywhere() -> None:
    with collected() as found:
        for alias in ("orders", "catalog"):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")

    assert found == []


def test_under_the_other_policy_the_database_has_the_last_word(settings: Settings) -> None:
    settings.GUARD_POLICY = "log"

    with collected() as found, pytest.raises(ProgrammingError, match="does not exist"):
        code_of("orders", READS)("orders", "SELECT count(*) FROM catalog_stock")

    assert [finding.rule.id for finding in found] == ["BND404"]
    assert found[0].module == "orders"
    assert found[0].where == "modules/orders/planted.py:6"
