"""Leaks in the database itself, planted in the tests' own and taken back."""

from __future__ import annotations

from collections.abc import Iterable

from infra.boundaries.findings import Finding
from tests.boundaries.database.planting import found_after
from tests.boundaries.zoo.specimens import Habitat, Plant, Specimen

_OWN = "SET LOCAL ROLE orders_owner; SET LOCAL search_path = orders"
_ADMIN = "; RESET ROLE"


def _planted(statements: str) -> Plant:
    def plant(habitat: Habitat) -> Iterable[Finding]:
        habitat.fixture("database")
        return found_after([statements])

    return plant


def _leak(name: str, rule: str, leak: str, *, twin: str, number: int | None = None) -> Specimen:
    return Specimen(name=name, rule=rule, number=number, leak=_planted(leak), twin=_planted(f"{_OWN}; {twin}{_ADMIN}"))


_SEALED = "REVOKE ALL ON FUNCTION planted() FROM PUBLIC"
_FIRED = "CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
_ONE = "CREATE FUNCTION planted() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1"
_ELSEWHERE = "SET LOCAL search_path = catalog"

SPECIMENS: tuple[Specimen, ...] = (
    _leak(
        "a grant on another module's table",
        "BND310",
        "GRANT USAGE ON SCHEMA catalog TO orders; GRANT SELECT ON catalog.catalog_stock TO orders",
        twin="GRANT SELECT ON orders_order TO orders",
    ),
    _leak(
        "a grant on one column of another module's table",
        "BND310",
        "GRANT SELECT (on_hand) ON catalog.catalog_stock TO orders",
        twin="GRANT SELECT (id) ON orders_order TO orders",
    ),
    _leak(
        "default privileges that will let another module in",
        "BND310",
        "ALTER DEFAULT PRIVILEGES FOR ROLE catalog_owner IN SCHEMA catalog GRANT SELECT ON TABLES TO orders",
        twin="ALTER DEFAULT PRIVILEGES IN SCHEMA orders GRANT SELECT ON TABLES TO orders",
    ),
    _leak(
        "a table that everybody may read",
        "BND311",
        "GRANT SELECT ON catalog.catalog_product TO PUBLIC",
        twin="REVOKE ALL ON orders_order FROM PUBLIC",
    ),
    _leak(
        "a role of reports that reads tables",
        "BND312",
        "CREATE ROLE reports; GRANT SELECT ON orders.orders_order TO reports",
        twin="GRANT SELECT ON orders_order TO orders; RESET ROLE; CREATE ROLE reports",
    ),
    _leak(
        "a role that is a member of another module's role",
        "BND302",
        "GRANT catalog TO orders",
        twin="RESET ROLE; CREATE ROLE operator; GRANT orders TO operator",
    ),
    _leak(
        "a role that bypasses row security",
        "BND301",
        "ALTER ROLE orders BYPASSRLS",
        twin="ALTER TABLE orders_order ENABLE ROW LEVEL SECURITY",
    ),
    _leak(
        "a search_path through two schemas",
        "BND304",
        "ALTER ROLE orders SET search_path = orders, catalog",
        twin="RESET ROLE; ALTER ROLE orders SET search_path = orders; SET ROLE orders_owner",
    ),
    _leak(
        "a serving role that may empty tables",
        "BND314",
        "GRANT TRUNCATE ON orders.orders_order TO orders",
        twin="GRANT DELETE ON orders_order TO orders",
    ),
    _leak(
        "a table that another role owns",
        "BND315",
        "ALTER TABLE orders.orders_cart OWNER TO catalog_owner",
        twin="CREATE INDEX planted ON orders_cart (id)",
    ),
    _leak(
        "a table for all in the schema public",
        "BND316",
        "CREATE TABLE public.shared (id int); GRANT USAGE ON SCHEMA public TO orders, catalog",
        twin="RESET ROLE; CREATE TABLE public.shared (id int); SET ROLE orders_owner",
    ),
    _leak(
        "a foreign key over two schemas, made by SQL in a migration",
        "BND320",
        "ALTER TABLE orders.orders_orderline ADD CONSTRAINT planted FOREIGN KEY (variant_id)"
        " REFERENCES catalog.catalog_variant (id) NOT VALID",
        twin="ALTER TABLE orders_orderline ADD CONSTRAINT planted FOREIGN KEY (order_id) REFERENCES orders_order (id)",
    ),
    _leak(
        "a view over another module's table",
        "BND321",
        "CREATE VIEW orders.planted AS SELECT id FROM catalog.catalog_product",
        twin="CREATE VIEW planted AS SELECT id FROM orders_order",
    ),
    _leak(
        "a materialised view over another module's table",
        "BND321",
        "CREATE MATERIALIZED VIEW orders.planted AS SELECT id FROM catalog.catalog_product",
        twin="CREATE VIEW planted AS SELECT id FROM orders_order",
    ),
    _leak(
        "a function whose text reads another module's table",
        "BND322",
        "CREATE FUNCTION orders.planted() RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN RETURN (SELECT count(*) FROM catalog.catalog_stock); END'",
        twin="CREATE FUNCTION planted() RETURNS bigint LANGUAGE plpgsql AS"
        f" 'BEGIN /* like catalog.catalog_stock */ RETURN (SELECT count(*) FROM orders.orders_order); END'; {_SEALED}",
    ),
    _leak(
        "a trigger that runs another module's function",
        "BND323",
        f"{_ELSEWHERE}; {_FIRED}; CREATE TRIGGER t BEFORE INSERT ON orders.orders_order"
        " FOR EACH ROW EXECUTE FUNCTION planted()",
        twin=f"{_FIRED}; CREATE TRIGGER t BEFORE INSERT ON orders_order FOR EACH ROW EXECUTE FUNCTION planted(); {_SEALED}",
    ),
    _leak(
        "a row security policy that reads another module's table",
        "BND324",
        "CREATE POLICY p ON orders.orders_order USING (id IN (SELECT id FROM catalog.catalog_product))",
        twin="CREATE POLICY p ON orders_order USING (id IN (SELECT order_id FROM orders_orderline))",
    ),
    _leak(
        "a default from another module's sequence",
        "BND324",
        "CREATE SEQUENCE catalog.planted; ALTER TABLE orders.orders_cart ADD planted int DEFAULT nextval('catalog.planted')",
        twin="CREATE SEQUENCE planted; ALTER TABLE orders_cart ADD planted int DEFAULT nextval('planted')",
    ),
    _leak(
        "a check that calls another module's function",
        "BND324",
        f"{_ELSEWHERE}; {_ONE}; ALTER TABLE orders.orders_cart ADD CHECK (planted() = 1)",
        twin=f"{_ONE}; ALTER TABLE orders_cart ADD CHECK (planted() = 1); {_SEALED}",
    ),
    _leak(
        "a function with its owner's rights",
        "BND325",
        f"SET LOCAL search_path = orders; {_ONE}; ALTER FUNCTION planted() SECURITY DEFINER",
        twin=f"{_ONE}; {_SEALED}",
    ),
    _leak(
        "a table that no manifest names",
        "BND330",
        f"{_OWN}; CREATE TABLE orders_forgotten (id int)",
        twin="ALTER TABLE orders_cart ADD planted int",
    ),
    _leak(
        "a manifest's table that is not there",
        "BND331",
        "ALTER TABLE orders.orders_historyentry RENAME TO orders_history; DROP TABLE orders.orders_history",
        twin="ALTER TABLE orders_historyentry ADD planted int",
    ),
    _leak(
        "another server's tables",
        "BND341",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        " CREATE FOREIGN TABLE orders.far (id int) SERVER s",
        twin="RESET ROLE; CREATE FOREIGN DATA WRAPPER w; SET ROLE orders_owner",
    ),
    _leak(
        "a publication of a module's rows",
        "BND342",
        "CREATE PUBLICATION p FOR TABLE orders.orders_order",
        twin="ALTER TABLE orders_order REPLICA IDENTITY FULL",
    ),
    _leak(
        "an event trigger in all modules' migrations",
        "BND343",
        "CREATE FUNCTION public.fired() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.fired()",
        twin=f"{_FIRED}; CREATE TRIGGER t BEFORE INSERT ON orders_cart FOR EACH ROW EXECUTE FUNCTION planted(); {_SEALED}",
    ),
    _leak(
        "a large object",
        "BND344",
        "SELECT lo_create(0)",
        twin="ALTER TABLE orders_cart ADD planted bytea",
    ),
)  # fmt: skip
