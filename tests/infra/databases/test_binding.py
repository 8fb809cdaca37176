"""An alias whose login is changed while threads use it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction

from infra.databases import binding, pools
from infra.databases.bound.base import DatabaseWrapper
from infra.databases.configuration import pooled
from infra.deployment.environment import Environment

ALIAS = "moving"
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def moving() -> Iterator[None]:
    """An alias with the logins of two modules as its bindings: who is logged in shows which one counts."""
    logins = {name: _login(module) for name, module in (("own", "payments"), ("shared", "orders"))}
    declared = pooled(logins["own"], Environment({})) | {"ENGINE": "infra.databases.bound", "BINDINGS": logins}
    connections.settings[ALIAS] = {**connections.settings["payments"], **declared}
    # Django's own look at connections would hide what ours does, where a test client has put it back before.
    closes_old_ones = request_started.disconnect(close_old_connections)
    binding.watch_requests()
    binding.bind(ALIAS, "own")
    yield
    request_started.disconnect(dispatch_uid="infra.databases.binding")
    if closes_old_ones:
        request_started.connect(close_old_connections)
    pools.close(ALIAS)
    del connections[ALIAS], connections.settings[ALIAS]
    binding.forget(ALIAS)


def _login(module: str) -> dict[str, Any]:
    settings = connections.settings[module]
    return {key: settings[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}


def role() -> str:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def a_request_begins() -> None:
    request_started.send(sender=None)


def a_request_ends() -> None:
    request_finished.send(sender=None)


def test_the_next_request_uses_the_binding_that_counts_then() -> None:
    a_request_begins()
    assert role() == "payments"
    a_request_ends()

    binding.bind(ALIAS, "shared")

    a_request_begins()
    assert role() == "orders"


def test_a_request_under_way_keeps_its_database() -> None:
    a_request_begins()
    before = role()

    binding.bind(ALIAS, "shared")

    assert role() == before
    a_request_ends()


def test_a_connection_that_a_thread_kept_is_not_used_by_its_next_request() -> None:
    role()  # outside of any request: nobody gives the connection back

    binding.bind(ALIAS, "shared")
    a_request_begins()

    assert role() == "orders"


def test_a_transaction_is_not_torn_by_the_begin_of_a_request() -> None:
    with transaction.atomic(using=ALIAS):
        assert role() == "payments"
        binding.bind(ALIAS, "shared")
        a_request_begins()

        assert role() == "payments"


def test_a_stale_binding_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    # The planted defect: a connection that is kept is used whatever counts by now.
    monkeypatch.setattr(DatabaseWrapper, "let_go_of_the_past", lambda self: None)

    with pytest.raises(AssertionError):
        test_a_connection_that_a_thread_kept_is_not_used_by_its_next_request()


def test_a_pool_that_outlives_its_binding_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    # The planted defect: one pool for all bindings, as Django keeps them.
    monkeypatch.setattr("infra.databases.bound.base.pool_name", lambda alias, name: alias)

    with pytest.raises(AssertionError):
        test_the_next_request_uses_the_binding_that_counts_then()


def test_each_thread_changes_with_its_own_next_request() -> None:
    begun, changed = threading.Barrier(5), threading.Event()

    def serve(_: int) -> tuple[str, str, str]:
        a_request_begins()
        first = role()
        begun.wait(timeout=60)
        changed.wait(timeout=60)
        still = role()
        a_request_ends()
        a_request_begins()
        then = role()
        a_request_ends()
        return first, still, then

    with ThreadPoolExecutor(4) as threads:
        running = threads.map(serve, range(4))
        begun.wait(timeout=60)
        binding.bind(ALIAS, "shared")
        changed.set()

        assert list(running) == [("payments", "payments", "orders")] * 4


def test_going_back_takes_up_the_first_pool_again() -> None:
    for name, expected in (("own", "payments"), ("shared", "orders"), ("own", "payments")):
        binding.bind(ALIAS, name)
        a_request_begins()
        assert role() == expected
        a_request_ends()

    assert len(pools.pools_of(ALIAS)) == 2


def test_a_binding_that_nobody_declared_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match="moving has no binding 'shared_read_only'; it has own, shared"):
        binding.bind(ALIAS, "shared_read_only")

    assert binding.bound(ALIAS) == "own"


def test_where_nobody_has_bound_an_alias_it_is_chosen_once_when_a_connection_is_wanted() -> None:
    asked = []

    def choose() -> str:
        asked.append("shared")
        return "shared"

    binding.forget(ALIAS)
    binding.choose_with(ALIAS, choose)
    assert not asked

    assert role() == "orders"
    assert (binding.bound(ALIAS), asked) == ("shared", ["shared"])
