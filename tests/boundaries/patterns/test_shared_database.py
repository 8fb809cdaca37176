"""BND501: tables that more than one module reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.boundaries.database.planting import administrator
from tests.boundaries.patterns.planting import evidence, figures, module, too_much, unmeasured, written

SALES, STOCK = module("sales", tables=("sales_sale",)), module("stock", tables=("stock_item",))


@pytest.mark.parametrize(
    ("statement", "reached"),
    [
        ("SELECT pieces FROM stock_item WHERE id = %s", "stock_item"),
        ('UPDATE "stock"."stock_item" SET pieces = 0', "stock_item"),
        ("select 1 from sales_sale s join stock.stock_item i on true", "stock_item"),
    ],
)
def test_a_statement_on_anothers_table_is_counted_where_it_stands(tmp_path: Path, statement: str, reached: str) -> None:
    sources = written(tmp_path, {"sales/queries.py": f"QUERY = '''{statement}'''\n"})

    (measured,) = too_much(evidence(SALES, STOCK, sources=sources), "BND501")

    assert (measured.module, measured.target, measured.figure) == ("sales", "stock", 1)
    assert reached in measured.detail
    assert "modules/sales/queries.py:1" in measured.detail


@pytest.mark.parametrize(
    "innocent",
    [
        "QUERY = 'SELECT pieces FROM sales_sale'",
        "EVENT = 'stock_item'",
        "def sell() -> None:\n    'Was once a join: FROM stock_item.'",
        "# FROM stock_item",
        "QUERY = 'SELECT 1 FROM stock_items_of_ours'",
    ],
)
def test_statements_on_its_own_tables_and_mere_words_are_not(tmp_path: Path, innocent: str) -> None:
    sources = written(tmp_path, {"sales/queries.py": f"{innocent}\n"})

    assert too_much(evidence(SALES, STOCK, sources=sources), "BND501") == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("plant", "who", "whose"),
    [
        (["GRANT USAGE ON SCHEMA orders TO catalog", "GRANT SELECT ON orders.orders_cart TO catalog"], "catalog", "orders"),
        (
            ["CREATE TABLE orders.x (id uuid REFERENCES catalog.catalog_product)", "DROP TABLE orders.orders_cartline",
             "ALTER TABLE orders.x RENAME TO orders_cartline"],
            "orders", "catalog",
        ),
    ],
)  # fmt: skip
def test_a_grant_and_a_foreign_key_across_are_counted(plant: list[str], who: str, whose: str) -> None:
    with administrator() as connection:
        for statement in plant:
            connection.execute(statement)
        (measured,) = too_much(evidence(*settings.MANIFESTS, connection=connection), "BND501")

    assert (measured.module, measured.target, measured.figure) == (who, whose, 1)


@pytest.mark.usefixtures("database")
def test_a_login_that_two_modules_share_counts_against_both() -> None:
    with administrator() as connection:
        connection.execute("CREATE ROLE measured_shop LOGIN")
        for schema, table in (("orders", "orders_cart"), ("catalog", "catalog_price")):
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO measured_shop")
            connection.execute(f"GRANT SELECT ON {schema}.{table} TO measured_shop")
        found = too_much(evidence(*settings.MANIFESTS, connection=connection), "BND501")

    assert [(each.module, each.target) for each in found] == [("catalog", "orders"), ("orders", "catalog")]


@pytest.mark.usefixtures("database")
def test_the_databases_of_this_shop_are_not_shared() -> None:
    with administrator() as connection:
        assert figures(evidence(*settings.MANIFESTS, connection=connection), "BND501") == [0] * len(settings.MANIFESTS)


def test_what_was_not_looked_at_is_said() -> None:
    reason = unmeasured(evidence(SALES, STOCK))["BND501"]

    assert "make run" in reason
    assert "source text is not here" in reason
