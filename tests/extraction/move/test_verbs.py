"""The verbs of a move one after the other: what each leaves, what it refuses, what a repeat does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from infra.extraction.data import capture, comparison, stream, way_back
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import NotPrepared
from infra.extraction.move import operations, switching, verifying
from infra.extraction.move.lag import TimedApplier
from infra.extraction.move.operations import MoveRefused
from infra.extraction.move.reconciling import reconcile_record
from infra.extraction.move.settling import settle
from infra.extraction.move.sides import carried_names
from infra.extraction.move.turns import connect_to_record
from infra.extraction.move.verifying import applier_of
from infra.extraction.record.changing import change, history, read
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from tests.extraction.move.place import MODULE, Place

ADA, WHY = "ada", "to try it"


def carry(place: Place) -> None:
    where = read(MODULE)
    source, target = place.sides if where.home == "monolith" else place.sides[::-1]
    with applier_of(source, target) as applier:
        applier.copy_all()
        applier.step()


def test_the_whole_way_there_and_back_and_there_again(place: Place) -> None:
    monolith, service = place.sides
    place.write(monolith)

    shared = operations.share(MODULE, who=ADA, why=WHY)
    copying = operations.begin_copy(MODULE, carrier=False, who=ADA, why=WHY)
    carry(place)
    place.write(monolith)
    there = operations.switch(MODULE, who=ADA, why=WHY)

    assert (shared.phase, shared.service, copying.phase) == ("shared_database", place.address, "dual_write")
    assert (there.where.phase, there.where.database, there.where.share("writes"), there.where.hold) == (
        "switched",
        "service",
        100,
        False,
    )
    assert [place.may_write(side) for side in place.sides] == [False, True]
    assert place.rows(monolith) == place.rows(service)

    place.write(service)
    carry(place)
    back = operations.reverse(MODULE, who=ADA, why=WHY)

    assert (back.where.phase, back.where.database, back.where.home) == ("dual_write", "monolith", "monolith")
    assert [place.may_write(side) for side in place.sides] == [True, False]
    place.write(monolith)
    again = operations.switch(MODULE, who=ADA, why=WHY)
    place.write(service)
    assert again.where.phase == "switched"
    assert (len(place.keys(service)), place.wrong(service)) == (5, [])
    assert [change.who for change in history(MODULE)] == ["ada"] * len(history(MODULE))


def test_each_verb_again_changes_nothing(place: Place) -> None:
    operations.share(MODULE, who=ADA, why=WHY)
    shared = operations.share(MODULE, who=ADA, why=WHY)
    operations.begin_copy(MODULE, who=ADA, why=WHY, carrier=False)
    copying = operations.begin_copy(MODULE, who=ADA, why=WHY, carrier=False)
    carry(place)
    operations.switch(MODULE, who=ADA, why=WHY)
    again = operations.switch(MODULE, who=ADA, why=WHY)

    assert (shared.revision, copying.phase, again.tries) == (1, "dual_write", 0)
    assert [change.after["phase"] for change in history(MODULE)] == [
        "switched",
        "dual_write",
        "dual_write",
        "shared_database",
    ]


def test_verbs_out_of_order_are_refused_with_what_comes_before(place: Place) -> None:
    with pytest.raises(MoveRefused, match="the copy begins once its service answers"):
        operations.begin_copy(MODULE, who=ADA, why=WHY, carrier=False)
    with pytest.raises(MoveRefused, match="only one side has its rows"):
        operations.switch(MODULE, who=ADA, why=WHY)
    with pytest.raises(MoveRefused, match="nothing to shift"):
        operations.shift(MODULE, who=ADA, why=WHY, reads=10)
    with pytest.raises(MoveRefused, match="no module nowhere"):
        operations.share("nowhere", who=ADA, why=WHY)
    operations.share(MODULE, who=ADA, why=WHY)
    operations.begin_copy(MODULE, who=ADA, why=WHY, carrier=False)
    with pytest.raises(MoveRefused, match="first copy of ledger is not through"):
        operations.switch(MODULE, who=ADA, why=WHY)
    carry(place)
    operations.switch(MODULE, who=ADA, why=WHY)
    with pytest.raises(MoveRefused, match="extract ledger reverse"):
        operations.cancel(MODULE, who=ADA, why=WHY)
    with pytest.raises(MoveRefused, match="it answers everything"):
        operations.shift(MODULE, who=ADA, why=WHY, writes=50)


def test_a_service_that_is_another_one_or_none_gets_nothing(place: Place) -> None:
    with pytest.raises(MoveRefused, match="does not answer"):
        operations.share(MODULE, address="http://127.0.0.1:9", who=ADA, why=WHY)
    assert read(MODULE).revision == 0


def test_shares_are_shifted_and_bounded(place: Place) -> None:
    operations.share(MODULE, who=ADA, why=WHY)
    some = operations.shift(MODULE, who=ADA, why=WHY, reads=10, shadow=5)
    more = operations.shift(MODULE, who=ADA, why=WHY, writes=1)

    assert (dict(some.shares), dict(more.shares)) == (
        {"reads": 10, "shadow": 5},
        {"reads": 10, "shadow": 5, "writes": 1},
    )
    assert operations.shift(MODULE, who=ADA, why=WHY, reads=10).revision == more.revision
    for wrong in ({"reads": 101}, {"writes": -1}, {"database": "elsewhere"}, {"database": "service"}):
        with pytest.raises(MoveRefused):
            operations.shift(MODULE, who=ADA, why=WHY, **wrong)
    assert read(MODULE).revision == more.revision


def test_a_cancelled_move_leaves_nothing_and_can_begin_again(place: Place) -> None:
    monolith, service = place.sides
    before = objects_of(monolith)
    place.write(monolith)
    place.begin()
    carry(place)

    cancelled = operations.cancel(MODULE, who=ADA, why=WHY)
    again = operations.cancel(MODULE, who=ADA, why=WHY)

    assert (cancelled.phase, cancelled.service, again.revision) == ("in_process", "", cancelled.revision)
    assert objects_of(monolith) == before
    assert place.rows(service)["ledger_entry"] == []
    place.write(monolith)
    place.begin()
    carry(place)
    operations.switch(MODULE, who=ADA, why=WHY)
    place.write(service)
    assert (len(place.keys(service)), place.wrong(service)) == (3, [])


def test_who_owns_the_tables_is_kept_out_of_the_side_that_follows(place: Place) -> None:
    monolith, service = place.sides
    place.begin()
    carry(place)
    delete = "DELETE FROM ledger.ledger_entry"
    insert = "INSERT INTO ledger.ledger_account VALUES (99, 0, 0)"
    for side in (service, monolith):
        with psycopg.connect(side.owner_url) as owner, pytest.raises(InsufficientPrivilege, match="follows the other"):
            owner.execute(insert)
        with psycopg.connect(side.owner_url) as owner, pytest.raises(InsufficientPrivilege):
            owner.execute(delete)
        if side == service:
            operations.switch(MODULE, who=ADA, why=WHY)
    with psycopg.connect(service.owner_url) as owner:
        owner.execute(insert)
    carry(place)
    operations.reverse(MODULE, who=ADA, why=WHY)
    with psycopg.connect(monolith.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM ledger.ledger_account").fetchone() == (9,)
        owner.execute("DELETE FROM ledger.ledger_account WHERE number = 99")


def test_a_row_that_was_written_past_the_module_is_found_repaired_and_keeps_a_switch_from_being_made(
    place: Place,
) -> None:
    monolith, service = place.sides
    place.write(monolith)
    place.begin()
    carry(place)
    with psycopg.connect(service.owner_url, options="-c banyan.carries=yes") as owner:
        owner.execute("UPDATE ledger.ledger_account SET balance = 77 WHERE number = 3")

    found = operations.verify(MODULE)
    with pytest.raises(MoveRefused, match="1 rows of ledger differed"):
        spoil_and_switch(place)

    assert [(each.table, each.key, each.fault.value) for each in found.differences] == [
        ("ledger_account", "3", "different")
    ]
    carry(place)
    assert operations.verify(MODULE, everything=True).equal
    assert operations.switch(MODULE, who=ADA, why=WHY).where.home == "service"


def test_a_comparison_that_was_disconnected_by_who_took_the_stream_over_is_made_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.begin()
    carry(place)
    began: list[TimedApplier] = []

    def stands_still_at_first(applier: TimedApplier, **options: Any) -> comparison.Comparison:
        began.append(applier)
        if len(began) == 1:
            applier._writing.execute("BEGIN")
            stream.read(applier._writing, applier.target, lock=True)
            with applier_of(*place.sides):  # the carrier, which waits no longer than a second
                pass
        return comparison.compare(applier, **options)

    monkeypatch.setattr(verifying, "compare", stands_still_at_first)

    assert operations.verify(MODULE).equal
    assert len(began) == 2


def spoil_and_switch(place: Place) -> None:
    carry(place)
    assert operations.verify(MODULE).equal
    with psycopg.connect(place.sides[1].owner_url, options="-c banyan.carries=yes") as owner:
        owner.execute("UPDATE ledger.ledger_account SET balance = 78 WHERE number = 4")
    place.write(place.sides[0])  # the range is touched, and so compared again
    operations.switch(MODULE, who=ADA, why=WHY)


def test_who_lost_its_turn_gives_up_instead_of_trying_on_beside_others(place: Place) -> None:
    """The server ends the session of a turn whose holder stands still; whoever wakes from that must not go on."""
    place.begin()
    carry(place)
    tries: list[str] = []

    def end_the_session_of_its_turn(step: str, moment: str) -> None:
        if (step, moment) == ("check", "before"):
            tries.append(step)
            with connect_to_record("look") as administrator:
                administrator.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = %s",
                    [f"banyan switch {MODULE} by {ADA}"],
                )

    with pytest.raises(MoveRefused, match="lost its turn"):
        operations.switch(MODULE, who=ADA, why=WHY, tries=3, on_step=end_the_session_of_its_turn)

    assert len(tries) == 1
    assert operations.switch(MODULE, who=ADA, why=WHY).where.home == "service"


def test_a_forgotten_reader_of_the_old_side_keeps_nobody_from_switching(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old side's triggers can't be taken away under it; the truth changes sides all the same, and the carrier goes on."""
    monkeypatch.setattr(capture, "ATTEMPTS", 1)
    monolith, service = place.sides
    place.write(monolith)
    place.begin()
    carry(place)
    said: list[str] = []
    with psycopg.connect(make_conninfo(monolith.owner_url, user=monolith.application_role)) as reader:
        reader.execute("SELECT count(*) FROM ledger.ledger_entry")

        switched = operations.switch(MODULE, who=ADA, why=WHY, report=said.append)
        again = operations.switch(MODULE, who=ADA, why=WHY, report=said.append)

        assert (switched.where.home, again.where.home) == ("service", "service")
        assert len([line for line in said if "can't be made to follow it yet" in line]) == 2
        with pytest.raises(InsufficientPrivilege):
            reader.execute("DELETE FROM ledger.ledger_entry")
    settle(service, monolith, by=ADA)
    place.write(service)
    carry(place)
    assert operations.verify(MODULE, everything=True).equal


def left_captured(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring it to its service by a controller that lost its turn at the end: the monolith's capture is still there."""
    place.begin()
    carry(place)
    with monkeypatch.context() as patch:
        patch.setattr(switching, "_settle_if_possible", lambda *_: None)
        operations.switch(MODULE, who=ADA, why=WHY)


def prepared_way_back(place: Place) -> None:
    monolith, service = place.sides
    with connect(monolith, "way back") as here, connect(service, "way back") as there:
        way_back.prepare(here, there, (monolith, service), carried_names(here, monolith))


def epochs(place: Place) -> list[int]:
    found = []
    for side in place.sides:
        with connect(side, "look") as connection:
            found.append(gate.read(connection, side).epoch)
    return found


def test_who_uses_a_capture_that_was_left_is_refused_before_it_is_cleared_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a controller that stood still meanwhile would switch, and nothing would lead back."""
    monolith, service = place.sides
    left_captured(place, monkeypatch)
    before = epochs(place)
    prepared_way_back(place)

    settle(service, monolith, by="a carrier")

    assert epochs(place) == [each + 1 for each in before]


def test_a_capture_that_was_left_and_that_nobody_uses_is_cleared_away_for_good(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monolith, service = place.sides
    left_captured(place, monkeypatch)
    before = epochs(place)
    with monkeypatch.context() as patch:
        patch.setattr(capture, "remove", lambda *_: prepared_way_back(place))
        with pytest.raises(NotPrepared, match="just being taken away"):
            settle(service, monolith, by="a carrier")

    settle(service, monolith, by="a carrier")

    assert epochs(place) == before
    prepared_way_back(place)


def test_a_held_module_without_a_controller_is_let_go(place: Place) -> None:
    where = place.begin()
    change(where, who="somebody who died", why="a test", hold=True)

    after = reconcile_record(MODULE, by="a test")

    assert (after.hold, after.phase) == (False, "dual_write")


def objects_of(side: Side) -> list[tuple[object, ...]]:
    """Return the triggers, functions, tables and rights in the module's schema and its control schema."""
    with psycopg.connect(side.owner_url) as connection:
        return connection.execute(
            "SELECT 'trigger', tgname::text, tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
            " WHERE c.relnamespace = 'ledger'::regnamespace AND NOT tgisinternal"
            " UNION ALL SELECT 'function', proname::text, '' FROM pg_proc WHERE pronamespace IN"
            " ('ledger'::regnamespace, 'ledger_xtr'::regnamespace)"
            " UNION ALL SELECT 'table', relname::text, relacl::text FROM pg_class WHERE relnamespace IN"
            " ('ledger'::regnamespace, 'ledger_xtr'::regnamespace) ORDER BY 1, 2, 3"
        ).fetchall()
