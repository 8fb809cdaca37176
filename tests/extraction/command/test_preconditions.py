"""What must hold before each verb: every precondition sees its planted defect, and a dry run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import override_settings
from django.utils import timezone

from infra.extraction.command import preconditions, watching
from infra.extraction.command.outcome import Verdict
from infra.extraction.move import operations
from infra.extraction.record.acknowledging import acknowledge
from infra.extraction.record.changing import change, history, read
from infra.extraction.record.models import Progress
from tests.databases import PASSWORD
from tests.extraction.command.conftest import Asked, Typed
from tests.extraction.move.place import MODULE, Place, serving_role
from tests.extraction.retiring.conftest import carry

FACTS: dict[str, Any] = {
    "tables": [{"table": "ledger_entry", "copied": 1, "expected": 1, "complete": True}],
    "comparison": {"at": "2026-01-01T00:00:00+00:00", "rows": 9, "ranges": 1, "skipped": 0, "differences": []},
    "lag_ms": {"p50": 2.0, "p99": 9.0},
    "waiting": 0,
}


def told(**more: Any) -> None:
    """Have the carrier have said this."""
    Progress.objects.update_or_create(module=MODULE, defaults={"at": timezone.now(), "facts": {**FACTS, **more}})


@pytest.fixture
def copied(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """In dual write, all carried, everything in order."""
    monkeypatch.setattr("infra.extraction.move.status.lives", lambda module: "a test")
    place.write(place.sides[0])
    place.begin()
    carry(place)
    told()
    return place


def missing(verb: str = "switch", **options: Any) -> list[Verdict]:
    return [each for each in preconditions.verdicts(verb, MODULE, options) if not each.holds]


def test_in_order_everything_holds(copied: Place) -> None:
    assert missing() == []
    assert missing("verify") == missing("shift") == missing("cancel") == missing("start") == []


PLANTED: list[tuple[Mapping[str, Any], str]] = [
    ({"tables": [{"table": "a", "copied": 1, "expected": 2, "complete": False}]}, "the first copy is complete"),
    ({"comparison": None}, "the last comparison found no difference"),
    ({"comparison": {**FACTS["comparison"], "differences": [["a", "1", "missing"]]}}, "the last comparison found no difference"),
    ({"comparison": {**FACTS["comparison"], "differences": 3}}, "the last comparison found no difference"),
    ({"lag_ms": {"p50": 10.0, "p99": 4000.0}}, "the other side is less than 1 s behind"),
    ({"problem": "the service's database is away"}, "nothing keeps the carrier from carrying"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "what"), PLANTED)
def test_what_the_carrier_sees_keeps_a_switch_from_being_done(
    copied: Place, facts: Mapping[str, Any], what: str
) -> None:
    told(**facts)

    (verdict,) = missing()

    assert verdict.what == what
    assert verdict.todo


def test_no_carrier(copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.extraction.move.status.lives", lambda module: None)

    assert [each.what for each in missing()] == ["a carrier lives"]


def test_a_process_that_is_behind(copied: Place) -> None:
    acknowledge("a late one", 1, lease=timedelta(seconds=60))

    (verdict,) = missing()

    assert verdict.what == "every process acts on the newest record"
    assert "a late one" in verdict.todo


def test_a_hold(copied: Place) -> None:
    change(read(MODULE), who="tests", why="planted", hold=True)

    for verb in ("switch", "shift", "cancel"):
        assert "its writes are not held" in [each.what for each in missing(verb)]


def test_a_writer_that_stays(copied: Place) -> None:
    with writing(copied):
        (verdict,) = missing()

    assert verdict.what == "no write transaction is open for longer than 150 ms"
    assert "pg_stat_activity" in verdict.todo
    assert missing() == []


def test_a_service_that_does_not_answer_or_is_another_one_or_another_version(
    copied: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(SERVICE_ADDRESSES={}):
        assert [each.what for each in preconditions.service_answers(MODULE, "") if not each.holds] == [
            "it is known where the service answers"
        ]
    (away,) = preconditions.service_answers(MODULE, "http://127.0.0.1:9")
    assert not away.holds
    assert f"python extracted/{MODULE}/manage.py serve" in away.todo
    other = [each for each in preconditions.service_answers("payments", copied.address) if not each.holds]
    assert ["Something else answers there" in each.todo for each in other] == [True]
    monkeypatch.setattr(
        preconditions,
        "facts_of",
        lambda manifest: {"contracts": {"ledger.v1": "x"}, "events": {}, "schemaVersion": "1"},
    )
    (version,) = [each for each in preconditions.service_answers(MODULE, copied.address) if not each.holds]
    assert "contracts differ" in version.todo


def test_a_phase_in_which_the_verb_makes_no_sense(copied: Place) -> None:
    assert [each.what for each in missing("reverse")] == [f"{MODULE} is in the phase switched"]
    operations.switch(MODULE, who="ada", why="to try it")
    assert [each.what for each in missing("cancel")] == ["the monolith's tables are the truth"]
    assert f"{MODULE} is in the phase dual write" in [each.what for each in missing("switch")]


def test_an_owner_that_is_not_known(copied: Place) -> None:
    with override_settings(SERVICE_DATABASES={}):
        assert "the owners' logins of both sides are known" in [each.what for each in missing("start")]


def test_a_table_that_cannot_be_carried(copied: Place) -> None:
    with psycopg.connect(copied.monolith_admin) as connection:
        connection.execute("CREATE TABLE ledger.planted (id int)")

    (verdict,) = missing("start")

    assert verdict.what == "every table of the module can be carried"
    assert "ledger.planted" in verdict.todo


@pytest.mark.parametrize("verb", ["start", "verify", "shift", "switch", "reverse", "cancel", "complete", "scaffold"])
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    copied: Place, verb: str, typed: Typed, asked: Asked
) -> None:
    before, changes = read(MODULE), len(history(MODULE, newest=100))
    rows = [copied.rows(side) for side in copied.sides]
    options = ["--reads", "50"] if verb == "shift" else []

    code, text = typed(verb, "--dry-run", *options)
    document = asked(verb, "--dry-run", *options)

    assert document["dryRun"]
    assert document["does"]
    assert document["exit"] == code == (1 if verb in ("reverse", "complete") else 0)
    assert f"{verb} would:" in text
    assert "Nothing was changed." in text
    assert read(MODULE) == before
    assert len(history(MODULE, newest=100)) == changes
    assert [copied.rows(side) for side in copied.sides] == rows


def test_waiting_until_all_holds_says_what_is_missing_and_goes_on_by_itself(copied: Place) -> None:
    told(problem="planted")
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        told()

    verdicts = watching.all_hold(lambda: preconditions.verdicts("switch", MODULE, {}), say, seconds=30)

    assert all(each.holds for each in verdicts)
    assert said == ["waiting until nothing keeps the carrier from carrying"]


def test_waiting_ends_with_what_is_missing(copied: Place, asked: Asked) -> None:
    told(problem="planted")

    refused = asked("switch", "--when-ready", "--at-most", "1")

    assert refused["exit"] == 1
    assert refused["reasons"][0]["what"] == "nothing keeps the carrier from carrying: no. planted"
    assert read(MODULE).phase == "dual_write"


@contextmanager
def writing(place: Place) -> Iterator[None]:
    """A transaction of the application that has written and stays open."""
    url = psycopg.conninfo.make_conninfo(place.sides[0].owner_url, user=serving_role(), password=PASSWORD)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE ledger.ledger_account SET balance = balance WHERE number = 1")
        yield
        connection.rollback()
