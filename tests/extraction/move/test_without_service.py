"""The service's database is gone after a switch: the monolith goes on with what was carried back, and nothing is mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra.extraction.command.preconditions import verdicts
from infra.extraction.data import control
from infra.extraction.move import clearing, operations
from infra.extraction.move.operations import MoveRefused
from infra.extraction.record.changing import change, history, read
from infra.extraction.switch import gate
from tests.databases import admin_url
from tests.extraction.move.place import MODULE, Place
from tests.extraction.move.test_verbs import carry, objects_of

ADA, WHY = "ada", "its disk is gone"


@contextmanager
def unreachable(place: Place) -> Iterator[None]:
    """Have the service's database answer nobody within the block."""
    name = str(conninfo_to_dict(place.service_admin)["dbname"])
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(admin_url("postgres"), autocommit=True) as administrator:
        administrator.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        administrator.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            administrator.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def switched(place: Place) -> None:
    """Bring it to where the service's tables are the truth, with a write that was carried back and one that was not."""
    monolith, service = place.sides
    place.write(monolith)
    place.begin()
    carry(place)
    operations.switch(MODULE, who=ADA, why="a test")
    place.write(service)
    carry(place)
    place.write(service)


def give_up(confirm: str = MODULE) -> None:
    operations.go_on_without_service(MODULE, confirm=confirm, who=ADA, why=WHY)


def test_the_monolith_goes_on_with_what_was_carried_back(place: Place) -> None:
    monolith, _ = place.sides
    before = objects_of(monolith)
    switched(place)
    carried = place.keys(monolith)

    with unreachable(place):
        give_up()

        where = read(MODULE)
        assert (where.phase, where.home, where.database, where.service, where.hold, dict(where.shares)) == (
            "in_process", "monolith", "monolith", "", False, {},
        )  # fmt: skip
        assert objects_of(monolith) == before
        assert (sorted(place.keys(monolith)), place.wrong(monolith)) == (sorted(carried), [])
        place.write(monolith)
    assert len(place.keys(monolith)) == len(carried) + 1
    assert history(MODULE)[0].why.startswith(f"{WHY} (carried back until 20")


def test_a_database_that_comes_back_is_not_written_over(place: Place) -> None:
    switched(place)
    with unreachable(place):
        give_up()
    found = place.keys(place.sides[1])

    with pytest.raises(MoveRefused, match="holds what was the truth once"):
        place.begin()

    assert len(found) == 3
    assert place.keys(place.sides[1]) == found
    assert operations.cancel(MODULE, who=ADA, why=WHY).phase == "in_process"


KILLED_AFTER = {
    "its gate": [gate],
    "the stream, too": [gate, control],
    "all of it": [gate, control, clearing],
}


@pytest.mark.parametrize("steps", KILLED_AFTER.values(), ids=KILLED_AFTER)
@pytest.mark.parametrize("comes_back", [False, True])
def test_killed_in_the_middle_it_is_run_again(place: Place, steps: list[ModuleType], comes_back: bool) -> None:
    monolith, _ = place.sides
    switched(place)
    carried = place.keys(monolith)
    with unreachable(place):
        change(read(MODULE), who=ADA, why=WHY, hold=True)
        with psycopg.connect(monolith.owner_url, autocommit=True) as owner:
            gate.uninstall(owner, monolith, writable=True)
            if control in steps:
                control.discard(owner, monolith)
        if clearing in steps:
            clearing.clear(monolith, lambda line: None, keep_rows=True)
        if not comes_back:
            give_up()
    if comes_back:
        give_up()

    assert (read(MODULE).phase, read(MODULE).hold) == ("in_process", False)
    place.write(monolith)
    assert len(place.keys(monolith)) == len(carried) + 1


def test_a_dry_run_refuses_what_the_verb_would_refuse(place: Place) -> None:
    options = {"service_lost": True, "confirm": MODULE}
    place.begin()
    carry(place)

    with unreachable(place):
        refused = [each for each in verdicts("cancel", MODULE, options) if not each.holds]
        assert ["are the truth; nothing is lost" in each.todo for each in refused] == [True]
    operations.switch(MODULE, who=ADA, why=WHY)
    with unreachable(place):
        assert all(each.holds for each in verdicts("cancel", MODULE, options))


def test_it_is_refused_as_long_as_nothing_has_to_be_lost(place: Place) -> None:
    with pytest.raises(MoveRefused, match="no service's database that it needs"):
        give_up()
    place.begin()
    carry(place)
    with unreachable(place), pytest.raises(MoveRefused, match="monolith's tables of ledger are the truth"):
        give_up()
    operations.switch(MODULE, who=ADA, why=WHY)
    before = read(MODULE)
    with pytest.raises(MoveRefused, match="answers, and nothing needs to be lost"):
        give_up()
    with unreachable(place), pytest.raises(MoveRefused, match="is lost for good"):
        give_up(confirm="")

    assert read(MODULE) == before
    assert [place.may_write(side) for side in place.sides] == [False, True]


def test_where_nothing_leads_back_it_is_refused(place: Place) -> None:
    switched(place)
    with psycopg.connect(place.sides[0].owner_url) as owner:
        owner.execute("DELETE FROM ledger_xtr.stream")

    with unreachable(place), pytest.raises(MoveRefused, match="from its backup"):
        give_up()

    assert not read(MODULE).hold
