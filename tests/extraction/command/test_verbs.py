"""`manage.py extract`: the whole way by its verbs, with a carrier of its own; what each ends with and what it says next."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from django.core.management import CommandError, call_command

from infra.boundaries.readiness import readiness
from infra.extraction.command import verbs, watching
from infra.extraction.command.outcome import who_asks
from infra.extraction.planning import plan
from infra.extraction.record.changing import history, read
from tests.extraction.command.conftest import Asked, Typed
from tests.extraction.move.place import MODULE, Place

MEMBERS = {
    *("version", "module", "verb", "outcome", "dryRun", "phase", "does", "preconditions", "reasons", "said", "next"),
    *("result", "exit"),
}


def test_the_whole_way_by_its_verbs(carried: Place, asked: Asked, typed: Typed) -> None:
    monolith, service = carried.sides
    carried.write(monolith)

    shared = asked("start", "--until", "shared-database", "--not-ready", "--why", "to try it")
    shifted = asked("shift", "--reads", "20")
    copied = asked("start")
    verified = asked("verify")
    there = asked("switch", "--when-ready", "--at-most", "60")
    carried.write(service)
    everything = asked("verify", "--everything")
    back = asked("reverse", "--when-ready", "--at-most", "60")
    given_up = asked("cancel")

    every = [shared, shifted, copied, verified, there, everything, back, given_up]
    assert [(each["exit"], each["outcome"], each["reasons"]) for each in every] == [(0, "done", [])] * len(every)
    assert all(set(each) == MEMBERS for each in every)
    assert [each["phase"] for each in every] == [
        *("shared_database", "shared_database", "dual_write", "dual_write", "switched", "switched", "dual_write"),
        "in_process",
    ]
    assert shifted["result"]["shares"]["reads"] == 20
    assert copied["result"]["copied"]
    assert verified["result"]["equal"]
    assert verified["result"]["differences"] == []
    assert there["result"]["tries"] >= 1
    assert f"python manage.py extract {MODULE} reverse" in [step["command"] for step in there["next"]]
    assert carried.wrong(monolith) == []
    assert len(carried.keys(monolith)) == 2
    changes = history(MODULE, newest=100)
    assert {change.who for change in changes} == {who_asks()}
    assert changes[-1].why == "to try it"


def test_a_repeat_of_each_verb_changes_nothing(switched: Place, asked: Asked) -> None:
    before = read(MODULE)

    again = asked("switch")

    assert (again["exit"], again["result"]["tries"]) == (0, 0)
    assert read(MODULE) == before


def test_the_status_for_people_has_the_line_of_phases_the_changes_and_what_comes_next(
    switched: Place, typed: Typed
) -> None:
    code, text = typed("status")

    assert code == 0
    for part in (
        "[● switched]",
        "○ split",
        "the service's tables, epoch",
        "ada: dual write -> switched",
        "Next:",
        "Later:",
    ):
        assert part in text


def test_a_refusal_ends_with_1_and_a_ranked_list(place: Place, typed: Typed, asked: Asked) -> None:
    code, text = typed("switch")
    document = asked("switch")

    assert code == document["exit"] == 1
    assert f"switch of {MODULE} is refused:\n  1. " in text
    assert f"python manage.py extract {MODULE} start" in text  # the next sensible command
    assert document["outcome"] == "refused"
    assert document["reasons"][0]["rank"] == 1
    assert read(MODULE).revision == 0


def test_a_module_that_is_not_ready_does_not_start(place: Place, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether it leaks is looked at elsewhere, and by the sources of a module that this one does not have.
    tight = replace(readiness(MODULE, looks={}), todo=())
    monkeypatch.setattr(verbs, "plan", lambda module: plan(module, ready=tight, watch_seconds=0))
    with psycopg.connect(place.monolith_admin) as connection:
        connection.execute("CREATE TABLE ledger.planted (id int)")

    refused = asked("start")

    assert refused["exit"] == 1
    assert any("ledger.planted has no primary key" in reason["what"] for reason in refused["reasons"])
    assert read(MODULE).revision == 0


def test_nothing_to_shift_is_refused(place: Place, asked: Asked) -> None:
    assert "--reads N" in asked("shift")["reasons"][0]["what"]


@pytest.mark.parametrize(
    "arguments",
    [("nothing", "plan"), (MODULE,), (MODULE, "fly"), (MODULE, "shift", "--reads", "101"), (MODULE, "shift", "--reads", "ten")],
)  # fmt: skip
def test_wrong_usage_is_told_apart_from_a_refusal(place: Place, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as wrong:
        call_command("extract", *arguments)

    assert wrong.value.returncode in (1, 2)  # called from a shell, argparse ends with 2 by itself
    if arguments[0] == "nothing":
        assert wrong.value.returncode == 2


def test_ctrl_c_leaves_the_carrier_at_work_and_says_so(
    place: Place, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "status", interrupted)
    monkeypatch.setattr("infra.extraction.move.operations.have_a_carrier", lambda module, report: None)

    code, text = typed("start", "--not-ready")

    assert code == 130
    assert "Nothing was stopped: the carrier goes on with the copy." in text
    assert f"python manage.py extract {MODULE} start" in text
    assert read(MODULE).phase == "dual_write"


def test_without_a_carrier_watching_ends_with_what_to_type(
    place: Place, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CARRIER_SECONDS", 0.5)

    refused = asked("start", "--not-ready")

    assert refused["exit"] == 1
    assert "python manage.py carry" in refused["reasons"][0]["what"]
    assert refused["phase"] == "dual_write"
