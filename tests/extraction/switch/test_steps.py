"""A switch on two real databases, step by step."""

from __future__ import annotations

import psycopg
import pytest

from infra.extraction.sides import Side
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.errors import NotPossible, WentBack
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.steps import PERFORM, Guard, Work, switch
from infra.extraction.switch.transitions import STEPS
from tests.extraction.switch.two_sides import PATIENT, as_application, as_owner, one, plain_work, rows_of, writable

Sides = tuple[Side, Side]
ENTRY = "INSERT INTO entry (id, account, amount) VALUES (gen_random_uuid(), 1, 5)"


def test_each_declared_step_has_one_function() -> None:
    assert list(PERFORM) == [step.name for step in STEPS]


def test_the_truth_changes_sides_and_comes_back(sides: Sides) -> None:
    shop, service = sides
    with as_application(shop) as customer:
        customer.execute(ENTRY)
    there = switch(shop, service, plain_work(shop, service), by="a test", deadlines=PATIENT)
    assert (there.primary, there.epoch) == (service, 2)
    assert rows_of(shop, service) == (("standby", 2), ("primary", 2))
    assert (writable(shop), writable(service)) == (False, True)
    with as_application(service) as customer:
        customer.execute(ENTRY)
        assert one(customer, "SELECT count(*) FROM entry") == 2
        assert one(customer, "SELECT max(number) FROM entry") > 1000, "a number may have been handed out on both sides"
    switch(service, shop, plain_work(service, shop), by="a test", deadlines=PATIENT)
    assert rows_of(shop, service) == (("primary", 3), ("standby", 3))
    with as_application(shop) as customer:
        assert one(customer, "SELECT count(*) FROM entry") == 2


def test_what_a_migration_had_revoked_stays_revoked_after_switching_there_and_back(sides: Sides) -> None:
    for source, target in (sides, sides[::-1]):
        switch(source, target, plain_work(source, target), by="a test", deadlines=PATIENT)
        with as_application(target) as customer:
            customer.execute("UPDATE account SET balance = balance WHERE id = 1")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                customer.execute("DELETE FROM entry")


def test_a_switch_to_the_side_that_has_the_truth_is_refused(sides: Sides) -> None:
    shop, service = sides
    with pytest.raises(NotPossible, match="holds the truth already"):
        switch(service, shop, plain_work(service, shop), by="a test")


def test_a_role_that_the_fence_would_not_stop_is_named_before_anything_changes(sides: Sides) -> None:
    shop, service = sides
    with as_owner(shop) as owner:
        owner.execute("GRANT INSERT ON account TO PUBLIC")
    with pytest.raises(NotPossible, match=r"may write ledger\.account"):
        switch(shop, service, plain_work(shop, service), by="a test")
    assert rows_of(*sides) == (("primary", 1), ("standby", 1))
    assert writable(shop)


def test_a_long_writer_makes_it_time_out_go_back_and_succeed_later(sides: Sides) -> None:
    shop, service = sides
    hasty = Deadlines(gate=1.0, hold=3.0, drain=0.05, statement=3.0)
    with as_application(shop) as slow, as_application(shop) as other:
        with slow.transaction():
            slow.execute(ENTRY)
            with pytest.raises(WentBack, match=r"drain: process \d+ on shop wrote for longer than 0.05 s"):
                switch(shop, service, plain_work(shop, service), by="a test", deadlines=hasty)
            other.execute(ENTRY)  # the fence is gone
        assert rows_of(*sides) == (("primary", 3), ("standby", 3))
        switch(shop, service, plain_work(shop, service), by="a test", deadlines=PATIENT)
    with as_application(service) as customer:
        assert one(customer, "SELECT count(*) FROM entry") == 2


def test_a_data_step_that_fails_leaves_the_source_writing(sides: Sides) -> None:
    shop, service = sides

    def fails(guard: Guard) -> None:
        raise RuntimeError("the target is full")

    with pytest.raises(WentBack, match="the target is full"):
        switch(shop, service, Work(final_step=fails, begin_way_back=fails), by="a test", deadlines=PATIENT)
    assert rows_of(*sides) == (("primary", 3), ("standby", 3))
    assert (writable(shop), writable(service)) == (True, False)


def test_a_data_step_that_takes_too_long_loses_the_gate_and_gives_nothing(sides: Sides) -> None:
    shop, service = sides

    def sleeps(guard: Guard) -> None:
        with as_owner(shop) as here:
            here.execute("SELECT pg_sleep(0.5)")

    short = Deadlines(gate=1.0, hold=0.2, drain=1.0, statement=3.0)
    work = Work(final_step=sleeps, begin_way_back=lambda guard: None)
    with pytest.raises(WentBack, match=r"give: .*idle-in-transaction"):
        switch(shop, service, work, by="a test", deadlines=short)
    assert (writable(shop), writable(service)) == (True, False)


def test_recovering_two_sides_at_rest_changes_nothing(sides: Sides) -> None:
    rest = recover(*sides, by="a test")
    assert (rest.primary, rest.epoch, rest.went) == (sides[0], 1, "nowhere")
