"""The end of a move: what it leaves, what it refuses, and that it goes on wherever it was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from psycopg import sql

from infra.extraction.data.connections import connect
from infra.extraction.freezing import guard
from infra.extraction.move import requests
from infra.extraction.move.errors import MoveRefused
from infra.extraction.record.changing import change, history, read
from infra.extraction.record.models import Request
from infra.extraction.retiring import complete, completing, disuse, dropping, exporting, looking, setting_aside
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from tests.databases import PASSWORD
from tests.extraction.move.place import MODULE, Place, serving_role
from tests.extraction.retiring.conftest import carry

WHO: dict[str, Any] = {"who": "ada", "why": "the end", "confirm": MODULE}


@pytest.fixture(autouse=True)
def everything_else_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A carrier's life is its own test; here what it did is done by hand."""
    monkeypatch.setattr("infra.extraction.move.status.lives", lambda module: "a test")


@pytest.fixture(autouse=True)
def quiet_since_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disuse, "SETTLING", timedelta(0))


def tables(side: Side, schema: str) -> set[str]:
    with psycopg.connect(side.owner_url) as connection:
        return {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])}


def one(side: Side, query: str) -> Any:
    with psycopg.connect(side.owner_url) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


def as_application(side: Side) -> psycopg.Connection[Any]:
    return psycopg.connect(psycopg.conninfo.make_conninfo(side.owner_url, user=serving_role(), password=PASSWORD))


def test_after_the_end_the_service_is_alone_and_the_tables_are_kept_and_exported(switched: Place) -> None:
    monolith, service = switched.sides
    rows = {name: len(found) for name, found in switched.rows(service).items()}
    said: list[str] = []

    done = complete(MODULE, report=said.append, **WHO)

    assert done.where.phase == "split"
    assert done.where.share("reads") == done.where.share("writes") == 100
    assert done.retired == setting_aside.retired_schema(MODULE, timezone.localdate())
    assert tables(monolith, MODULE) == set()
    assert tables(monolith, done.retired) == {"ledger_account", "ledger_entry", "django_migrations"} | {
        name for name in tables(monolith, done.retired) if not name.startswith("ledger")
    }
    assert one(monolith, f"SELECT count(*) FROM {done.retired}.ledger_entry") == rows["ledger_entry"] == 2
    assert exporting.damage(done.retired) == ()
    manifest = exporting.manifest_of(done.retired)
    assert manifest is not None
    assert {name: count for name, count in manifest["rows"].items() if name in rows} == rows
    assert done.setting == f"LEDGER_MODULE={switched.address}"
    assert not done.setting_is_there
    # Nothing of the move is left on the side that stays, which writes and migrates as any database.
    switched.write(service)
    with connect(service, "look") as connection:
        assert not guard.is_frozen(connection, service)
        left = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'banyan\\_%'").fetchone()
        assert left == (0,)
    assert tables(service, service.control_schema) == tables(monolith, monolith.control_schema) == set()
    with as_application(monolith) as stranger, pytest.raises(psycopg.Error):
        stranger.execute(f"SELECT * FROM {done.retired}.ledger_entry")
    assert any("exported" in line for line in said)


def test_a_repeat_changes_nothing_and_sees_the_setting(switched: Place) -> None:
    first = complete(MODULE, **WHO)
    before = len(history(MODULE))

    with override_settings(MODULE_LOCATIONS={MODULE: switched.address}):
        again = complete(MODULE, **WHO)

    assert (again.retired, again.export) == (first.retired, first.export)
    assert again.setting_is_there
    assert len(history(MODULE)) == before


def test_what_the_console_asks_for_is_carried_out_by_the_carrier(switched: Place) -> None:
    requests.offer("complete", completing.complete_as_asked)
    asked = Request.objects.create(module=MODULE, verb="complete", who="grace", asked_at=timezone.now())

    requests.carry_out(asked)

    asked.refresh_from_db()
    assert (asked.state, read(MODULE).phase) == ("done", "split"), asked.said
    assert history(MODULE)[0].who == "grace"


def test_without_pg_dump_each_table_is_a_file_with_its_digest(switched: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "find_pg_dump", lambda: None)

    done = complete(MODULE, **WHO)

    assert done.retired
    manifest = exporting.manifest_of(done.retired)
    assert manifest is not None
    assert manifest["form"] == "csv"
    assert done.export is not None
    lines = (done.export / "ledger_entry.csv").read_text().splitlines()
    assert len(lines) == 1 + manifest["rows"]["ledger_entry"]
    (done.export / "ledger_entry.csv").write_text("changed")
    assert "ledger_entry.csv is missing or was changed" in exporting.damage(done.retired)[0]


def test_a_pg_dump_that_fails_gives_way_to_plain_files(
    switched: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "pg_dump"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(exporting, "find_pg_dump", lambda: broken)

    done = complete(MODULE, **WHO)

    assert done.retired
    assert (exporting.manifest_of(done.retired) or {})["form"] == "csv"


# --- What is refused, each with its planted defect ---


def refusal(**options: Any) -> str:
    before = read(MODULE)
    with pytest.raises(MoveRefused) as refused:
        complete(MODULE, **{**WHO, **options})
    assert read(MODULE) == before
    return " ".join(refused.value.reasons)


def test_a_name_that_was_not_typed_again_is_refused(switched: Place) -> None:
    assert "its name was typed again: no" in refusal(confirm="payments")


def test_a_module_that_is_not_switched_is_refused(place: Place) -> None:
    place.begin()

    assert f"{MODULE} is switched: no. It is dual write" in refusal()


def test_a_row_that_differs_is_refused_even_if_no_stream_saw_it(switched: Place) -> None:
    with connect(switched.sides[0], "planting") as connection:  # as who carries, past every trigger
        connection.execute("SELECT set_config('banyan.carries', 'yes', false)")
        connection.execute("UPDATE ledger.ledger_account SET balance = balance + 1 WHERE number = 2")

    assert "1 rows of ledger differ" in refusal()
    carry(switched)
    assert complete(MODULE, **WHO).where.phase == "split"


def test_a_process_that_still_routes_by_an_old_record_is_refused(switched: Place) -> None:
    from infra.extraction.record.acknowledging import acknowledge

    acknowledge("an old process", 1, lease=timedelta(seconds=60))

    assert "an old process do not" in refusal()


def test_somebody_who_uses_the_monoliths_tables_is_refused_by_name(switched: Place) -> None:
    with as_application(switched.sides[0]) as reader:
        reader.execute("SELECT count(*) FROM ledger.ledger_entry")

        told = refusal()

    assert "nobody has used the monolith's tables since the switch: no" in told
    assert serving_role() in told


def test_a_service_that_does_not_answer_is_refused(switched: Place) -> None:
    change(read(MODULE), who="tests", why="planted", addresses={"service": "http://127.0.0.1:9"})

    assert "the service answers at http://127.0.0.1:9: no" in refusal()


def test_no_carrier_is_refused(switched: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.extraction.move.status.lives", lambda module: None)

    assert "a carrier lives" in refusal()


def test_nobody_who_may_make_the_schema_is_refused_with_what_an_administrator_types(switched: Place) -> None:
    with override_settings(ADMIN_DATABASE_URL=""):
        told = refusal()

    assert "CREATE SCHEMA ledger_retired_" in told
    with psycopg.connect(settings.ADMIN_DATABASE_URL, autocommit=True) as administrator:
        administrator.execute(told[told.index("CREATE SCHEMA") :].partition(";")[0])
    with override_settings(ADMIN_DATABASE_URL=""):
        assert complete(MODULE, **WHO).where.phase == "split"


def test_a_dry_look_says_everything_and_changes_nothing(switched: Place) -> None:
    before = read(MODULE)

    verdicts = looking.verdicts(MODULE, {"confirm": MODULE})

    assert [each.what for each in verdicts if not each.holds] == []
    assert len(looking.intentions(MODULE, {})) == 5
    assert read(MODULE) == before


# --- Dropping ---


@pytest.fixture
def split(switched: Place) -> Iterator[Place]:
    complete(MODULE, **WHO)
    with override_settings(MODULE_LOCATIONS={MODULE: switched.address}):
        yield switched


def test_within_the_days_of_grace_nothing_is_dropped(split: Place) -> None:
    assert "the 14 days of grace are over: no" in refusal(drop=True)


def test_after_the_days_of_grace_the_tables_go_and_the_export_stays(
    split: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    retired = setting_aside.retired_schema(MODULE, timezone.localdate())
    later = timezone.localdate() + timedelta(days=14)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: later)

    done = complete(MODULE, drop=True, **WHO)

    assert done.dropped
    assert tables(split.sides[0], retired) == set()
    assert exporting.damage(retired) == ()
    assert history(MODULE)[0].why == f"drops the retired tables ({retired}); the export stays"
    complete(MODULE, drop=True, **WHO)  # a repeat changes nothing


def test_retired_tables_that_somebody_reads_are_dropped_later(split: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    retired = setting_aside.retired_schema(MODULE, timezone.localdate())
    monkeypatch.setattr(dropping, "LOCK_MILLISECONDS", 50)
    (some, *_) = sorted(tables(split.sides[0], retired))
    with psycopg.connect(split.sides[0].owner_url) as reader:
        reader.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(retired, some)))
        with pytest.raises(MoveRefused, match="not dropped yet: canceling statement due to lock timeout"):
            complete(MODULE, drop=True, grace_days=0, **WHO)

    assert complete(MODULE, drop=True, grace_days=0, **WHO).dropped
    assert tables(split.sides[0], retired) == set()


def test_without_an_alias_an_administrator_can_drop(split: Place) -> None:
    owners = {alias: login for alias, login in settings.DATABASE_OWNERS.items() if alias != MODULE}

    with override_settings(DATABASE_OWNERS=owners):
        assert complete(MODULE, drop=True, grace_days=0, **WHO).dropped


def test_a_damaged_export_keeps_the_tables(split: Place) -> None:
    retired = setting_aside.retired_schema(MODULE, timezone.localdate())
    folder = exporting.folder_of(retired)
    next(file for file in folder.iterdir() if file.name != exporting.MANIFEST).write_bytes(b"half")

    assert "the export is there, as it was written: no" in refusal(drop=True, grace_days=0)


def test_before_the_settings_say_where_it_lives_nothing_is_dropped(split: Place) -> None:
    with override_settings(MODULE_LOCATIONS={MODULE: "local"}):
        assert f"LEDGER_MODULE={split.address}" in refusal(drop=True, grace_days=0)


def test_tables_that_somebody_holds_are_not_moved(switched: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_aside, "LOCK_SECONDS", 1)
    monolith, _ = switched.sides
    with psycopg.connect(monolith.owner_url) as holder:

        def make_and_hold(side: Side, name: str) -> None:
            setting_aside.make_schema(side, name)
            holder.execute("LOCK TABLE ledger.ledger_entry IN ACCESS EXCLUSIVE MODE")

        monkeypatch.setattr(completing, "make_schema", make_and_hold)
        with pytest.raises(MoveRefused, match="Somebody holds a table"):
            complete(MODULE, **WHO)
        assert tables(monolith, MODULE) >= {"ledger_account", "ledger_entry"}
        holder.rollback()
    monkeypatch.undo()
    monkeypatch.setattr("infra.extraction.move.status.lives", lambda module: "a test")

    assert complete(MODULE, **WHO).retired


def test_the_gate_is_gone_and_dropping_it_twice_is_no_fault(switched: Place) -> None:
    complete(MODULE, **WHO)
    for side in switched.sides:
        with connect(side, "look") as connection, pytest.raises(psycopg.errors.UndefinedTable):
            gate.read(connection, side)
    assert dropping.drop_retired(switched.sides[0])
    assert dropping.drop_retired(switched.sides[0]) is None
    assert json.dumps(settings.MODULE_LOCATIONS.get(MODULE)) == '"local"'
