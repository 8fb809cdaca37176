"""Whoever was let in before the fence is seen and waited for; whoever comes later is refused, however they prepared."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.errors import NotPossible, Refused, Unresolved, WentBack
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.steps import switch
from infra.extraction.switch.transitions import FENCE, UNFENCE, Row, State
from tests.databases import admin_url
from tests.extraction.switch.two_sides import (
    PATIENT,
    as_application,
    as_owner,
    plain_work,
    rows_of,
    two_sides,
    writable,
)

Sides = tuple[Side, Side]
ENTRY = "INSERT INTO entry (id, account, amount) VALUES (gen_random_uuid(), %s, 5)"
STANDBY = Row(State.STANDBY, 1)


@pytest.fixture(scope="module")
def resting() -> Iterator[Sides]:
    with two_sides() as pair:
        yield pair


@pytest.mark.parametrize("prepared", [False, True], ids=["plain", "prepared"])
@pytest.mark.parametrize("wrote_before", [False, True], ids=["came-late", "wrote-before"])
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_across_the_fence_is_waited_for_or_refused(
    level: str, wrote_before: bool, prepared: bool, resting: Sides
) -> None:
    shop, _ = resting
    with as_application(shop) as customer, as_owner(shop) as owner:
        customer.execute(ENTRY, [1], prepare=prepared)  # the plan, and warm caches
        customer.execute(f"BEGIN ISOLATION LEVEL {level}")
        customer.execute("SELECT count(*) FROM account")
        if wrote_before:
            customer.execute(ENTRY, [1], prepare=prepared)
        before = gate.read(owner, shop)
        with owner.transaction():
            fenced = gate.apply(owner, shop, FENCE, before, STANDBY, by="a test")
        inside = gate.writers_inside(owner, shop)
        try:
            customer.execute(ENTRY, [1], prepare=prepared)
        except psycopg.errors.InsufficientPrivilege:
            allowed = False
        else:
            allowed = True
        customer.execute("ROLLBACK")
        with owner.transaction():
            gate.apply(owner, shop, UNFENCE, fenced, STANDBY, by="a test")
        assert bool(inside) is wrote_before
        assert not allowed or wrote_before, "a writer that nobody waits for was let in"


def test_a_change_from_an_old_reading_touches_neither_row_nor_privilege(resting: Sides) -> None:
    shop, _ = resting
    with as_owner(shop) as owner:
        now = gate.read(owner, shop)
        with pytest.raises(Refused), owner.transaction():
            gate.apply(owner, shop, FENCE, Row(State.PRIMARY, now.epoch + 5), STANDBY, by="a zombie")
        assert gate.read(owner, shop) == now
    assert writable(shop)


def test_a_side_that_serves_as_its_owner_gets_no_gate(resting: Sides) -> None:
    shop, _ = resting
    with as_owner(shop) as owner:
        role = owner.info.user
        with pytest.raises(NotPossible, match="no fence can hold an owner"):
            gate.install(
                owner,
                Side(name="shop", owner_url=shop.owner_url, application_role=role, schema=shop.schema),
                State.PRIMARY,
            )


def reach(side: Side, *, allowed: bool) -> None:
    """Cut a database off, or let it be reached again."""
    name = str(psycopg.conninfo.conninfo_to_dict(side.owner_url)["dbname"])
    with psycopg.connect(admin_url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), sql.Literal(allowed))
        )
        if not allowed:
            admin.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s", [name])


@pytest.mark.parametrize("step", ["data", "ready", "give", "open", "retire"])
def test_a_target_that_goes_away_costs_an_attempt_or_is_finished_later(step: str, sides: Sides) -> None:
    shop, service = sides

    def cut(name: str, moment: str) -> None:
        if (name, moment) == (step, "before"):
            reach(service, allowed=False)

    given = step in ("give", "open", "retire")
    with contextlib.suppress(Unresolved, WentBack):  # `retire` needs the source alone
        switch(shop, service, plain_work(shop, service), by="a test", deadlines=PATIENT, on_step=cut)
    if step in ("data", "ready"):
        assert writable(shop), "customers wait for a database that they do not need"
    reach(service, allowed=True)
    rest = recover(shop, service, by="a test")

    assert rest.primary == (service if given else shop)
    assert [writable(shop), writable(service)] == [not given, given]
    (first, epoch), (second, other) = rows_of(shop, service)
    assert ({first, second}, epoch) == ({"primary", "standby"}, other)
