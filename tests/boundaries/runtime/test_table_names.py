import pytest

from infra.boundaries.runtime.table_names import tables_in


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ('SELECT "a"."id" FROM "a" WHERE "a"."b" = %s', "a"),
        ('SELECT 1 FROM "a" INNER JOIN "b" ON ("a"."id" = "b"."a_id") LEFT OUTER JOIN "c" T3 ON (T3."id" = "b"."id")', "a b c"),
        ("SELECT 1 FROM a, b AS x, ONLY c, LATERAL (SELECT 1 FROM d) y WHERE e = f", "a b c d"),
        ("SELECT 1 FROM (SELECT * FROM a) x, b", "a b"),
        ("SELECT 1 FROM a WHERE id IN (SELECT a_id FROM b) AND EXISTS (SELECT FROM c)", "a b c"),
        ("INSERT INTO a (id, b) VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET b = 1 RETURNING c", "a"),
        ("INSERT INTO a SELECT * FROM b", "a b"),
        ('UPDATE "a" SET "b" = 1 FROM c, d WHERE a.id = c.id', "a c d"),
        ("DELETE FROM a USING b, c WHERE a.id = b.id", "a b c"),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = 1", "a b"),
        ("TRUNCATE TABLE a, b RESTART IDENTITY", "a b"),
        ("CREATE TABLE IF NOT EXISTS a (id int REFERENCES b (id))", "a b"),
        ("COPY a (id) FROM STDIN", "a"),
        ("LOCK TABLE ONLY a IN SHARE MODE", "a"),
        ("select 1 from A join b using (c)", "a b"),
        ("SELECT 1 FROM catalog.a JOIN \"Catalog\".\"B\" ON true", "catalog.a Catalog.B"),
        ("WITH x AS (SELECT 1 FROM a), y (i) AS MATERIALIZED (SELECT 1 FROM x) SELECT 1 FROM x, y, b", "a b"),
        ("WITH RECURSIVE x AS (SELECT 1 FROM a UNION ALL SELECT 1 FROM x) DELETE FROM b USING x", "a b"),
        ("SELECT 1 FROM a UNION SELECT 1 FROM b ORDER BY c, d", "a b"),
        ("SELECT 1 FROM a FOR UPDATE OF a SKIP LOCKED", "a"),
        ("SELECT 1 FROM a FOR NO KEY UPDATE NOWAIT; SELECT 1, b FROM c", "a c"),
    ],
)  # fmt: skip
def test_a_table_is_known_by_its_place(statement: str, tables: str) -> None:
    assert {".".join(filter(None, name)) for name in tables_in(statement)} == set(tables.split())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT b, c AS orders_order FROM unnest(%s::int[]) AS orders_order, generate_series(1, 2) n",
        "SELECT EXTRACT(year FROM orders_order), SUBSTRING(x FROM 1), TRIM(BOTH FROM orders_order)",
        "SELECT 1 WHERE a IS DISTINCT FROM orders_order",
        "SELECT 'FROM orders_order', E'it\\'s FROM orders_order', $x$ FROM orders_order $x$",
        "SELECT 1 -- FROM orders_order\n /* JOIN orders_order */",
        "SAVEPOINT s1",
    ],
)
def test_columns_aliases_functions_texts_and_comments_are_no_tables(statement: str) -> None:
    assert tables_in(statement) == frozenset()
