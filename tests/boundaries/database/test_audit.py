"""The audit finds every way over a border that is planted in a live database, by its rule, and nothing in a sound one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings

from infra.boundaries.database import rules
from infra.boundaries.database.audit import check
from infra.boundaries.database.places import places_in
from infra.boundaries.rules import Rule
from infra.databases.preparation import schema_roles
from tests.boundaries.database.planting import administrator, found_after, places

pytestmark = pytest.mark.usefixtures("database")

AS_OWNER = "SET LOCAL ROLE orders_owner"
AS_ADMIN = "RESET ROLE"
LET_IN = "GRANT USAGE ON SCHEMA catalog TO orders_owner; GRANT ALL ON ALL TABLES IN SCHEMA catalog TO orders_owner"
OWN_TABLE = "CREATE TABLE orders.planted (id bigint, amount int); ALTER TABLE orders.planted OWNER TO orders_owner"
FOREIGN_FUNCTION = "CREATE FUNCTION catalog.planted() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1"
FOREIGN_TRIGGER = "CREATE FUNCTION catalog.fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


def test_the_tests_own_database_is_sound() -> None:
    found = found_after([])

    # Whoever grants too much in a migration meets this first: in words, not as objects.
    assert not found, "\n".join(f"{one.rule.id} {one.detail} {one.rule.recipe}" for one in found)


@pytest.mark.parametrize(
    ("rule", "planted", "detail"),
    [
        (rules.POWERFUL_ROLE, "ALTER ROLE orders CREATEROLE", "orders may do what no module's role may: makes roles"),
        (rules.POWERFUL_ROLE, "ALTER ROLE orders BYPASSRLS", "bypasses row security"),
        (rules.POWERFUL_ROLE, "GRANT SET ON PARAMETER session_replication_role TO orders", "session_replication_role"),
        (rules.POWERFUL_ROLE, "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO orders", "calls pg_read_file(text)"),
        (rules.MEMBERSHIP, "GRANT catalog TO orders", "Role orders is a member of role catalog"),
        (rules.MEMBERSHIP, "GRANT pg_read_all_data TO orders", "member of role pg_read_all_data"),
        (rules.SEARCH_PATH, "ALTER ROLE orders SET search_path = orders, catalog", "search_path orders, catalog, not"),
        (rules.SEARCH_PATH, "ALTER ROLE orders RESET search_path", "search_path none of its own"),
        (rules.GRANT_TO_MODULE, "GRANT USAGE ON SCHEMA catalog TO orders", "On schema catalog, which is catalog's, role o"),
        (rules.GRANT_TO_MODULE, "GRANT SELECT ON catalog.outbox_event TO orders", "table catalog.outbox_event"),
        (rules.GRANT_TO_MODULE, "GRANT SELECT (name) ON catalog.outbox_event TO orders", "column catalog.outbox_event.name"),
        (
            rules.GRANT_TO_MODULE,
            "ALTER DEFAULT PRIVILEGES FOR ROLE catalog_owner IN SCHEMA catalog GRANT SELECT ON TABLES TO orders",
            "default privilege catalog.tables of catalog_owner",
        ),
        (rules.GRANT_TO_MODULE, "CREATE SEQUENCE catalog.planted; GRANT USAGE ON catalog.planted TO orders", "sequence"),
        (rules.GRANT_TO_EVERYBODY, "GRANT SELECT ON catalog.outbox_event TO PUBLIC", "everybody (PUBLIC) has SELECT"),
        (rules.GRANT_TO_EVERYBODY, FOREIGN_FUNCTION, "function catalog.planted(), which is catalog's, everybody"),
        (rules.GRANT_TO_STRANGER, "GRANT SELECT ON catalog.outbox_event TO pg_monitor", "role pg_monitor has SELECT"),
        (rules.SERVING_CREATES, "GRANT CREATE ON SCHEMA orders TO orders", "role orders has CREATE"),
        (
            rules.SERVING_CREATES,
            "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO orders', current_database()); END $$",
            "may create schemas",
        ),
        (rules.SERVING_EXCEEDS, "GRANT TRUNCATE ON orders.outbox_event TO orders", "role orders has TRUNCATE"),
        (rules.SERVING_EXCEEDS, "GRANT REFERENCES, TRIGGER ON orders.outbox_event TO orders", "REFERENCES, TRIGGER"),
        (rules.SERVING_EXCEEDS, "GRANT SELECT ON orders.outbox_event TO orders WITH GRANT OPTION", "SELECT with grant"),
        (rules.WRONG_OWNER, "CREATE TABLE catalog.planted (id int)", "table catalog.planted belongs to"),
        (rules.WRONG_OWNER, "ALTER SCHEMA catalog OWNER TO orders_owner", "schema catalog belongs to orders_owner"),
        (rules.WRONG_OWNER, "CREATE TABLE public.planted (id int); ALTER TABLE public.planted OWNER TO orders", "no module"),
        (rules.COMMON_GROUND, "GRANT USAGE ON SCHEMA public TO PUBLIC", "Every role has USAGE on schema public"),
        (rules.COMMON_GROUND, "CREATE SCHEMA common; GRANT CREATE ON SCHEMA common TO orders", "on schema common"),
        (
            rules.COMMON_GROUND,
            "CREATE SCHEMA common; CREATE TABLE common.planted (id int); GRANT USAGE ON SCHEMA common TO orders",
            "on schema common",
        ),
        (
            rules.FOREIGN_KEY,
            "CREATE TABLE orders.planted (id bigint REFERENCES catalog.django_migrations (id))",
            "depends on the table catalog.django_migrations, which is catalog's",
        ),
        (rules.VIEW, "CREATE VIEW orders.planted AS TABLE catalog.outbox_event", "view orders.planted depends on"),
        (rules.VIEW, "CREATE MATERIALIZED VIEW orders.planted AS TABLE catalog.outbox_event", "materialised view orders"),
        (
            rules.VIEW,
            f"{OWN_TABLE}; CREATE RULE copied AS ON INSERT TO orders.planted DO ALSO DELETE FROM catalog.outbox_ready",
            "rule orders.planted.copied",
        ),
        (
            rules.FUNCTION,
            "CREATE FUNCTION orders.planted() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM catalog.outbox_event)",
            "function orders.planted depends on",
        ),
        (
            rules.FUNCTION,
            "CREATE FUNCTION orders.planted() RETURNS void LANGUAGE plpgsql AS"
            " 'BEGIN EXECUTE ''DELETE FROM catalog.outbox_event''; END'",
            "text of function orders.planted() names catalog.outbox_event",
        ),
        (
            rules.TRIGGER,
            f"{OWN_TABLE}; {FOREIGN_TRIGGER};"
            " CREATE TRIGGER t BEFORE INSERT ON orders.planted FOR EACH ROW EXECUTE FUNCTION catalog.fired()",
            "trigger orders.planted.t depends on the function catalog.fired",
        ),
        (
            rules.OTHER_TIE,
            f"{OWN_TABLE}; CREATE POLICY p ON orders.planted USING (id IN (SELECT seq FROM catalog.outbox_event))",
            "policy orders.planted.p",
        ),
        (
            rules.OTHER_TIE,
            "CREATE SEQUENCE catalog.planted; CREATE TABLE orders.planted (id int DEFAULT nextval('catalog.planted'))",
            "default orders.planted.id depends on the sequence catalog.planted",
        ),
        (
            rules.OTHER_TIE,
            f"{FOREIGN_FUNCTION}; CREATE TABLE orders.planted (id int GENERATED ALWAYS AS (catalog.planted()) STORED)",
            "generated column orders.planted.id",
        ),
        (
            rules.OTHER_TIE,
            f"{FOREIGN_FUNCTION}; CREATE TABLE orders.planted (id int CHECK (id > catalog.planted()))",
            "constraint orders.planted.",
        ),
        (
            rules.OTHER_TIE,
            f"{FOREIGN_FUNCTION}; {OWN_TABLE}; CREATE INDEX i ON orders.planted ((id + catalog.planted()))",
            "index orders.i",
        ),
        (
            rules.OTHER_TIE,
            "CREATE TYPE catalog.planted AS ENUM ('a'); CREATE TABLE orders.planted (kind catalog.planted)",
            "table orders.planted depends on the type catalog.planted",
        ),
        (rules.OTHER_TIE, "CREATE TABLE orders.planted () INHERITS (catalog.outbox_event)", "table orders.planted depends"),
        (
            rules.SECURITY_DEFINER,
            "CREATE FUNCTION orders.planted() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
            "SECURITY DEFINER",
        ),
        (rules.UNNAMED_TABLE, OWN_TABLE, "table planted stands in schema orders, and no manifest names it"),
        (rules.MISSING_TABLE, "DROP TABLE orders.orders_historyentry", "table orders.orders_historyentry of orders is not"),
        (rules.MISSING_TABLE, "ALTER ROLE orders RENAME TO gone", "role orders of orders is not in this database"),
        (rules.MISSING_TABLE, "ALTER SCHEMA orders RENAME TO gone", "schema orders of orders is not in this database"),
        (rules.REACHING_EXTENSION, "CREATE LANGUAGE planted HANDLER plpgsql_call_handler", "language planted reaches out"),
        (rules.FOREIGN_DATA, "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w", "foreign server s"),
        (rules.REPLICATION, "CREATE PUBLICATION p FOR TABLE catalog.outbox_event", "catalog.outbox_event"),
        (rules.REPLICATION, "CREATE PUBLICATION p FOR TABLES IN SCHEMA catalog", "schema catalog"),
        (
            rules.REPLICATION,
            "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
            "subscription s",
        ),
        (
            rules.EVENT_TRIGGER,
            "CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
            " CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION fired()",
            "event trigger e runs",
        ),
        (rules.LARGE_OBJECT, "SELECT lo_create(0)", "large objects of"),
    ],
)  # fmt: skip
def test_what_is_planted_is_found_by_its_rule(rule: Rule, planted: str, detail: str) -> None:
    found = found_after([planted])

    assert any(finding.rule is rule and detail in finding.detail for finding in found), [
        f"{finding.rule.id} {finding.detail}" for finding in found
    ]


@pytest.mark.parametrize(
    "innocent",
    [
        "GRANT SELECT ON orders.outbox_event TO orders",
        f"{AS_OWNER}; CREATE INDEX i ON orders.outbox_event (name); {AS_ADMIN}",
        f"{AS_OWNER}; CREATE VIEW orders.planted AS TABLE orders.outbox_event; {AS_ADMIN}",
        f"{AS_OWNER}; CREATE FUNCTION planted() RETURNS int LANGUAGE sql RETURN 1;"
        f" REVOKE ALL ON FUNCTION planted() FROM PUBLIC; {AS_ADMIN}",
        "ALTER ROLE orders SET search_path = 'orders'",
        "CREATE SCHEMA empty; GRANT USAGE ON SCHEMA empty TO orders",
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.planted (id int); GRANT SELECT ON elsewhere.planted TO PUBLIC",
    ],
)
def test_what_stays_inside_is_not_reported(innocent: str) -> None:
    assert found_after([f"SET LOCAL search_path = orders; {innocent}"]) == []


def test_a_function_may_mention_another_schema_in_a_comment_or_use_its_name_as_an_alias() -> None:
    body = "BEGIN /* like catalog.outbox_event */ -- catalog.outbox_event\nPERFORM catalog.id FROM outbox_event AS catalog; END"

    assert (
        found_after(
            [
                AS_OWNER,
                f"CREATE FUNCTION orders.planted() RETURNS void LANGUAGE plpgsql AS '{body}'",
                "REVOKE ALL ON FUNCTION orders.planted() FROM PUBLIC",
                AS_ADMIN,
            ]
        )
        == []
    )


def test_any_role_that_may_connect_finds_the_same_as_an_administrator() -> None:
    with administrator() as admin:
        admin.execute("GRANT USAGE ON SCHEMA catalog TO orders")
        admin.execute("CREATE TABLE orders.planted (id bigint REFERENCES catalog.django_migrations (id))")
        as_administrator = check(settings.MANIFESTS, admin, places())
        admin.execute("SET LOCAL ROLE shipping")
        as_shipping = check(settings.MANIFESTS, admin, places())

    assert as_shipping == as_administrator != []


def test_the_search_path_of_who_asks_stays_as_it_was() -> None:
    with administrator() as admin:
        admin.execute("SET LOCAL search_path = shipping")
        check(settings.MANIFESTS, admin)

        assert admin.execute("SHOW search_path").fetchone() == ("shipping",)


def test_two_places_with_one_role_are_reported_whatever_the_database_says() -> None:
    every = schema_roles(settings.ALIASES)
    orders = next(roles for roles in every if roles.schema == "orders")
    shared = [replace(roles, serving_role=orders.serving_role) if roles.schema == "users" else roles for roles in every]

    with administrator() as admin:
        found = check(settings.MANIFESTS, admin, places_in(shared, settings.MANIFESTS))

    assert (rules.SHARED_ROLE, "role orders") in {(finding.rule, finding.source) for finding in found}
