"""Idempotency keys move with their module: one effect per key, on whichever side the request was begun and ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError

from infra.extraction.epochs import first_lease, new_lease
from infra.extraction.fence import refused_by_fence
from infra.http.idempotency.claims import Asked, Claimed, claim, finish, release
from tests.extraction.calls.notes import ROUTE
from tests.extraction.calls.place import Place

TOLD = "SELECT key FROM orders.test_telling"


def asked_with(key: str) -> Asked:
    return Asked(principal="tests", route=ROUTE, key=key, fingerprint=b"the same")


def test_a_request_that_was_answered_before_the_switch_is_answered_the_same_after_it(place: Place, asked: Any) -> None:
    assert asked.do(key="a") == "claimed"

    place.switch()

    assert asked.do(key="a") == "finished"
    assert place.service.all(TOLD) == ["a"]


def test_without_the_table_of_keys_it_would_be_done_twice(place: Place, asked: Any) -> None:
    """The planted defect: the keys stay behind when the module moves."""
    asked.do(key="a")

    place.switch(leave_out=["idempotency_key"])
    asked.do(key="a")

    assert place.service.all(TOLD) == ["a", "a"]


def test_a_request_that_the_switch_interrupted_is_begun_anew_at_once(place: Place, asked: Any) -> None:
    """The process that claimed the key has lost the module, so nobody waits for the end of its lease."""
    assert asked.begin(key="a") == "claimed"
    assert asked.do(key="a") == "running"

    place.switch()

    assert asked.do(key="a") == "claimed"
    assert asked.do(key="a") == "finished"


def test_a_claim_of_the_present_epoch_is_waited_for(place: Place, asked: Any) -> None:
    place.switch()

    assert [asked.begin(key="a"), asked.do(key="a")] == ["claimed", "running"]


@pytest.mark.parametrize(
    "end",
    [partial(finish, status=201, headers={}, body=b"", using="orders"), partial(release, using="orders")],
    ids=["finish", "release"],
)
def test_who_lost_the_module_can_neither_finish_nor_release_a_key(place: Place, end: Callable[[Claimed], None]) -> None:
    held = claim(asked_with("a"), using="orders")
    assert isinstance(held, Claimed)
    place.switch()

    with pytest.raises(ProgrammingError) as refused:
        end(held)

    assert refused_by_fence(refused.value)
    assert place.service.all("SELECT finished_at FROM orders.idempotency_key") == [None]


def test_leases_tell_their_epoch(place: Place) -> None:
    before = new_lease("orders")
    assert first_lease("orders") <= before < UUID(int=2 << 96)

    place.switch()

    assert before < first_lease("orders") <= new_lease("orders")
