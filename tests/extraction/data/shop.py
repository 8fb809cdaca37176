"""Two databases with the same tables, as a module has them and odder ones, and what is asked about their rows."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from infra.databases.roles import SchemaRoles, provision
from infra.extraction.data import capture, control, stream
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.step import Applier
from infra.extraction.sides import Side
from tests.databases import PASSWORD, TEST_DATABASE_PREFIX, admin_url, one_at_a_time

SCHEMA, OWNER, APPLICATION = "xshop", "xshop_owner", "xshop"

TABLES = """
CREATE TYPE {s}.mood AS ENUM ('calm', 'cross');
CREATE TABLE {s}.customer (id uuid PRIMARY KEY, email text NOT NULL, slot integer, note jsonb NOT NULL DEFAULT '{{}}',
    CONSTRAINT customer_email UNIQUE (email), CONSTRAINT customer_slot UNIQUE (slot));
CREATE TABLE {s}."order" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES {s}.customer DEFERRABLE INITIALLY DEFERRED,
    total numeric(12,2) NOT NULL, placed_at timestamptz NOT NULL DEFAULT now(), state text NOT NULL DEFAULT 'open',
    net numeric(12,2) GENERATED ALWAYS AS (total / 2) STORED);
CREATE TABLE {s}.order_line (order_id bigint REFERENCES {s}."order" ON DELETE CASCADE, line integer, sku varchar(40) NOT NULL,
    quantity integer NOT NULL, PRIMARY KEY (order_id, line));
CREATE TABLE {s}.ledger (id bigserial PRIMARY KEY, order_id bigint, amount numeric NOT NULL, data bytea);
CREATE TABLE {s}.category (id bigint PRIMARY KEY, parent_id bigint REFERENCES {s}.category, "Name" text, mood {s}.mood,
    moods {s}.mood[]);
CREATE TABLE {s}.setting (name text PRIMARY KEY, value json, span interval, ratio float8);
CREATE TABLE {s}.visit (day date, at timestamptz, who text, PRIMARY KEY (at, who, day));
CREATE TABLE {s}.tag (name text PRIMARY KEY);
CREATE FUNCTION {s}.ledger_stays() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'the ledger is append-only'; END$$;
CREATE TRIGGER ledger_stays BEFORE UPDATE OR DELETE ON {s}.ledger FOR EACH ROW EXECUTE FUNCTION {s}.ledger_stays();
CREATE FUNCTION {s}.shout() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN NEW."Name" := upper(NEW."Name"); RETURN NEW; END$$;
CREATE TRIGGER category_shouts BEFORE INSERT ON {s}.category FOR EACH ROW EXECUTE FUNCTION {s}.shout();
"""
NAMES = ("category", "customer", "ledger", "order", "order_line", "setting", "tag", "visit")


@dataclass(frozen=True)
class Pair:
    """Two sides in two databases; the source is open to its application, the target is closed."""

    source: Side
    target: Side

    def applier(self, **options: object) -> Applier:
        return Applier(self.source, self.target, NAMES, **options)  # type: ignore[arg-type]

    def begin(self) -> None:
        with connect(self.source, "test") as source, connect(self.target, "test") as target:
            capture.install(source, self.source, NAMES)
            stream.begin(source, target, (self.source, self.target), NAMES)

    @contextmanager
    def application(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """The serving role on the source, in autocommit."""
        with psycopg.connect(application_url(self.source), autocommit=True) as connection:
            yield connection

    @contextmanager
    def owner(self, side: Side) -> Iterator[Connection]:
        with connect(side, "test") as connection:
            yield connection

    def differences(self) -> dict[str, tuple[set[str], set[str]]]:
        """Every row that only one side has, as text, by table; read one after the other, so nobody may be writing."""
        found = {}
        with self.owner(self.source) as source, self.owner(self.target) as target:
            for name in NAMES:
                ours, theirs = rows_of(source, self.source, name), rows_of(target, self.target, name)
                if ours != theirs:
                    found[name] = (set(ours) - set(theirs), set(theirs) - set(ours))
        return found


def rows_of(connection: Connection, side: Side, name: str) -> list[str]:
    query = sql.SQL('SELECT t::text FROM {} t ORDER BY t::text COLLATE "C"').format(sql.Identifier(side.schema, name))
    return [row[0] for row in connection.execute(query)]


def application_url(side: Side) -> str:
    return psycopg.conninfo.make_conninfo(side.owner_url, user=side.application_role, password=PASSWORD)


@contextmanager
def two_databases(*, tables: str = TABLES, elsewhere: str | None = None) -> Iterator[Pair]:
    """Have both databases within the block, made as an installation makes them: an owner and a serving role on each.

    Args:
        elsewhere: an administrator's URL of the second one's server; by default both are on the tests' own.
    """
    mark = f"{TEST_DATABASE_PREFIX}{os.getpid()}"
    names = {side: f"{mark}_{side}_{uuid.uuid4().hex[:6]}" for side in ("monolith", "service")}
    servers = {"monolith": admin_url("postgres"), "service": elsewhere or admin_url("postgres")}
    try:
        yield Pair(
            source=_make("monolith", servers["monolith"], names["monolith"], SCHEMA, tables),
            target=_make("service", servers["service"], names["service"], f"{SCHEMA}_elsewhere", tables, closed=True),
        )
    finally:
        for side, name in names.items():
            with psycopg.connect(servers[side], autocommit=True) as administrator:
                administrator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _make(side: str, server: str, database: str, schema: str, tables: str, *, closed: bool = False) -> Side:
    there = psycopg.conninfo.make_conninfo(server, dbname=database)
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    roles = SchemaRoles(
        schema=schema,
        serving_role=APPLICATION,
        serving_password=PASSWORD,
        owner_role=OWNER,
        owner_password=PASSWORD,
    )
    with one_at_a_time():  # roles belong to the server, and other test processes make the same ones
        provision(there, [roles])
    made = Side(
        name=side,
        owner_url=psycopg.conninfo.make_conninfo(there, user=OWNER, password=PASSWORD),
        application_role=APPLICATION,
        schema=schema,
    )
    with psycopg.connect(there, autocommit=True) as administrator:
        for statement in control.provisioning_statements(made, OWNER, database):
            administrator.execute(statement)
    with connect(made, "test") as owner:
        owner.execute(tables.format(s=schema))
        if closed:
            close(owner, made)
    return made


def close(owner: Connection, side: Side) -> None:
    owner.execute(
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} FROM {}").format(
            sql.Identifier(side.schema), sql.Identifier(side.application_role)
        )
    )


def open_side(owner: Connection, side: Side) -> None:
    owner.execute(
        sql.SQL("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}").format(
            sql.Identifier(side.schema), sql.Identifier(side.application_role)
        )
    )


FILL = """
INSERT INTO xshop.customer (id, email, slot)
  SELECT gen_random_uuid(), 'c' || i || '@example.com', i FROM generate_series(1, {n}) i;
INSERT INTO xshop."order" (customer_id, total) SELECT id, 10 + random() FROM xshop.customer, generate_series(1, 3);
INSERT INTO xshop.order_line SELECT o.id, i, 'sku-' || i, i FROM xshop."order" o, generate_series(1, 2) i;
INSERT INTO xshop.ledger (order_id, amount, data) SELECT id, total, '\\x00ff'::bytea FROM xshop."order";
INSERT INTO xshop.category SELECT i, nullif({n} - i + 1, i), 'Category ' || i, 'calm', ARRAY['calm', 'cross']::xshop.mood[]
  FROM generate_series(1, {n}) i;
INSERT INTO xshop.setting
  SELECT 'Ä' || i || chr(64 + i % 60), '{{"b": 1, "a":  2}}', '30 days', 'NaN' FROM generate_series(1, {n}) i;
INSERT INTO xshop.visit SELECT now()::date, now() + i * '1 microsecond'::interval, 'w' || i FROM generate_series(1, {n}) i;
INSERT INTO xshop.tag SELECT 't' || i FROM generate_series(1, {n}) i;
"""


def fill(connection: psycopg.Connection[tuple[object, ...]], customers: int = 50) -> None:
    connection.execute(FILL.format(n=customers))
