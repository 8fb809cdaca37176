"""The plan of a move: what is measured on the server at hand, and what it refuses by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import psycopg
import pytest
from django.conf import settings
from django.test import override_settings

from infra.boundaries.readiness import Readiness, Todo, Weight, readiness
from infra.extraction.planning import Plan, as_json, as_text, databases, measuring, obstacles, plan
from infra.extraction.planning.model import Refused, Server, Writing
from infra.extraction.sides import Side
from tests.boundaries.database.planting import administrator
from tests.databases import PASSWORD, admin_url

pytestmark = pytest.mark.usefixtures("database", "a_service")
MODULE = "shipping"


@pytest.fixture
def a_service() -> Iterator[None]:
    """The service's database is named, and is the same as the monolith's: a plan only looks."""
    login = settings.DATABASES[MODULE]
    server = psycopg.conninfo.conninfo_to_dict(admin_url(login["NAME"]))
    place = f"{server['host']}:{server['port']}/{login['NAME']}"
    logins = {
        "serving": f"postgresql://{MODULE}:{PASSWORD}@{place}",
        "owner": f"postgresql://{MODULE}_owner:{PASSWORD}@{place}",
    }
    with override_settings(
        SERVICE_ADDRESSES={MODULE: "http://127.0.0.1:9"},
        SERVICE_DATABASES={MODULE: logins},
    ):
        yield


@cache
def ready() -> Readiness:
    """How ready it is, with nothing in the way: that is tested elsewhere, and takes seconds."""
    return replace(readiness(MODULE, looks={}), todo=())


def planned() -> Plan:
    return plan(MODULE, ready=ready(), watch_seconds=0)


@contextmanager
def changed_by_the_owner(*statements: str, back: str) -> Iterator[None]:
    with administrator() as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(back)
            connection.commit()


def blocking(made: Plan) -> list[Todo]:
    return [todo for todo in made.todo if todo.weight is Weight.BLOCKS]


def test_a_module_in_order_has_a_plan_with_every_phase_in_text_and_json() -> None:
    made = planned()

    assert blocking(made) == []
    assert made.go
    assert {table.name for table in made.tables} >= {*made.ready.manifest.tables, "outbox_event"}
    assert "django_migrations" not in {table.name for table in made.tables}
    assert [phase.phase for phase in made.phases] == [
        "in_process",
        "shared_database",
        "dual_write",
        "switched",
        "split",
    ]
    text = as_text.written(made)
    for part in (
        "[● in process]",
        "extract shipping switch",
        "needs",
        "back",
        "orders asks shipping.v1",
        "/api/v1/shipping/",
    ):
        assert part in text
    assert text.endswith("GO: type python manage.py extract shipping scaffold")
    document = json.loads(json.dumps(as_json.document(made), default=str))
    assert document["go"] is True
    assert document["monolith"]["version"]
    assert document["phases"][3]["back"].startswith("python manage.py extract shipping reverse")


def test_a_table_without_a_key_is_refused_by_name_with_the_remedy() -> None:
    with changed_by_the_owner(
        "CREATE TABLE shipping.planted (id int)",
        "ALTER TABLE shipping.planted OWNER TO shipping_owner",
        back="DROP TABLE shipping.planted",
    ):
        made = planned()

    assert not made.go
    (todo,) = blocking(made)
    assert "shipping.planted has no primary key. Add one" in todo.what
    assert made.verdict.startswith("NO-GO: 1 thing to do")


def test_the_speed_and_the_cost_for_writers_are_measured_here() -> None:
    with administrator() as connection:
        connection.execute(
            "INSERT INTO shipping.outbox_event (id, stream, seq, name, payload)"
            " SELECT gen_random_uuid(), 'probe', n, 'probe', to_jsonb(repeat('x', 200)) FROM generate_series(1, 3000) AS n"
        )
        connection.commit()

    made = planned()

    assert made.speed is not None
    assert made.speed.measured_on == "outbox_event"
    assert made.speed.rows_per_second > 100
    assert 0 < made.copy_seconds < 600
    assert made.writing is not None
    assert made.writing.statement_microseconds
    assert made.writing.microseconds is not None
    assert next(table for table in made.tables if table.name == "outbox_event").rows == 3000
    with administrator() as connection:  # measuring leaves nothing behind
        left = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'plan\\_%'").fetchone()
    assert left == (0,)


def test_where_there_is_too_little_to_measure_with_that_is_said() -> None:
    made = planned()

    assert made.speed is not None
    assert made.speed.measured_on == ""
    assert "too little to measure with" in as_text.written(made)


def test_a_write_transaction_that_stays_open_is_seen() -> None:
    login = settings.DATABASES[MODULE]
    url = psycopg.conninfo.make_conninfo(admin_url(login["NAME"]), user=MODULE, password=PASSWORD)
    with psycopg.connect(url) as writer, psycopg.connect(url, autocommit=True) as watching:
        writer.execute("SELECT pg_current_xact_id(), pg_sleep(0.05)")
        seen = measuring.longest_write(watching, MODULE, seconds=0)
        writer.rollback()
        after = measuring.longest_write(watching, MODULE, seconds=0)

    assert seen >= 0.05
    assert after == 0.0


def test_an_owner_that_is_not_known_is_named_and_blocks() -> None:
    with override_settings(SERVICE_DATABASES={}):
        made = planned()

    assert "SHIPPING_SERVICE_DATABASE_URL" in made.missing
    assert not made.go


def test_a_service_nobody_named_and_a_database_that_does_not_answer_block() -> None:
    nowhere = {kind: f"postgresql://x:y@127.0.0.1:1/{kind}" for kind in ("serving", "owner")}
    with override_settings(SERVICE_ADDRESSES={}, SERVICE_DATABASES={MODULE: nowhere}):
        made = planned()

    told = " ".join(todo.what for todo in blocking(made))
    assert "where the service will answer" in told
    assert "127.0.0.1:1 does not answer" in told


def server(**more: object) -> Server:
    usual = {"place": "x", "version": "18.1", "encoding": "UTF8", "collation": "C", "connections": 5}
    return Server(**{**usual, "connections_at_most": 100, **more})  # type: ignore[arg-type]


def plain(**more: object) -> Plan:
    usual = {"module": MODULE, "address": "http://x", "ready": ready(), "monolith": server(), "service": server()}
    return Plan(**{**usual, "connections_needed": databases.CONNECTIONS_NEEDED, **more})  # type: ignore[arg-type]


SLOW_WRITERS = Writing(
    microseconds=1, statement_microseconds=1, writes_per_second=None, longest_seconds=3, watched_seconds=1
)


@pytest.mark.parametrize(
    ("planted", "weight", "said"),
    [
        ({"refused": (Refused(why="a.b is a view"),)}, Weight.BLOCKS, "a.b is a view"),
        ({"missing": "it is away"}, Weight.BLOCKS, "it is away"),
        ({"address": ""}, Weight.BLOCKS, "where the service will answer"),
        ({"service": None}, Weight.BLOCKS, "where the service's database is"),
        ({"service": None, "service_missing": f"{databases.WILL_BE_MADE} in .banyan"}, Weight.KNOW, "will be made"),
        ({"service": server(encoding="LATIN1")}, Weight.BLOCKS, "encoded in LATIN1"),
        ({"service": server(version="16.2")}, Weight.KNOW, "PostgreSQL 18.1 and 16.2"),
        ({"service": server(collation="de_DE")}, Weight.KNOW, "ordered otherwise"),
        ({"monolith": server(connections=97)}, Weight.BLOCKS, "monolith's server has 3 connections left"),
        ({"service": server(connections=97)}, Weight.BLOCKS, "service's server has 3 connections left"),
        ({"disk_free": 10**6, "disk_needed": 10**8}, Weight.BLOCKS, "0 MB free and needs 95 MB"),
        (
            {"writing": SLOW_WRITERS},
            Weight.HINDERS,
            "open for 3.0 s",
        ),
    ],
)  # fmt: skip
def test_each_obstacle_has_its_weight_and_a_sentence(planted: dict[str, object], weight: Weight, said: str) -> None:
    assert obstacles.ranked(plain()) == []

    (todo,) = obstacles.ranked(plain(**planted))

    assert todo.weight is weight
    assert said in todo.what
    assert todo.where


def test_an_owner_without_the_right_to_measure_gets_the_usual_speed() -> None:
    login = settings.DATABASES[MODULE]
    url = psycopg.conninfo.make_conninfo(admin_url(login["NAME"]), user=MODULE, password=PASSWORD)
    side = Side(name="monolith", owner_url=url, application_role=MODULE, schema=MODULE)

    assert measuring.copy_speed(side, ["outbox_event"]).measured_on == ""
    assert measuring.capture_cost(side) is None
