"""The same request sent again is answered the same, and done once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from infra.http.encoding import encode
from infra.http.idempotency import claims
from infra.http.idempotency.claims import Asked, Claimed, Finished, Reused, Running
from infra.http.idempotency.models import IdempotencyKey
from infra.schedule.declaration import tasks_of
from tests.api import Api
from tests.infra.http.shop import Effects
from tests.infra.http.test_requests import problem

pytestmark = pytest.mark.usefixtures("database")
ORDERS = "/api/v1/orders"
LINE = {"productId": "P-1", "quantity": 1}
ORDER: dict[str, Any] = {"items": [LINE]}


def stored() -> list[IdempotencyKey]:
    return list(IdempotencyKey.objects.using("orders").order_by("id"))


def age(seconds: int) -> None:
    """Let time pass for the keys that there are."""
    with connections["orders"].cursor() as cursor:
        cursor.execute(
            "UPDATE idempotency_key SET claimed_at = claimed_at - make_interval(secs => %s),"
            " lease_until = lease_until - make_interval(secs => %s)",
            [seconds, seconds],
        )


# --- The key ---


def test_an_order_without_a_key_is_refused(api: Api, effects: Effects) -> None:
    problem(api.post(ORDERS, ORDER), 400, "idempotency_key_missing")

    assert (effects.orders, stored()) == ([], [])


@pytest.mark.parametrize("key", ["", '""', "a b", "a" * 256, "schlüssel", "a\tb", '"' + "a" * 300 + '"'])
def test_a_key_that_is_none_is_refused(api: Api, effects: Effects, key: str) -> None:
    problem(api.post(ORDERS, {**ORDER, "idempotencyKey": key}), 400, "idempotency_key_malformed")
    if key.isascii():
        problem(api.post(ORDERS, ORDER, key=key), 400, "idempotency_key_malformed")

    assert (effects.orders, stored()) == ([], [])


@pytest.mark.parametrize("key", [7, ["k"], {"k": 1}, True])
def test_a_key_in_the_body_is_a_text(api: Api, key: object) -> None:
    problem(api.post(ORDERS, {**ORDER, "idempotencyKey": key}), 400, "idempotency_key_malformed")


def test_a_key_counts_the_same_quoted_bare_or_in_the_body(api: Api, effects: Effects) -> None:
    answers = [
        api.post(ORDERS, ORDER, key="k-1"),
        api.post(ORDERS, ORDER, key='"k-1"'),
        api.post(ORDERS, {**ORDER, "idempotencyKey": "k-1"}),
        api.post(ORDERS, {**ORDER, "idempotencyKey": "k-1"}, key='"k-1"'),
    ]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert effects.orders == ["k-1"]


def test_two_different_keys_in_one_request_are_refused(api: Api, effects: Effects) -> None:
    problem(api.post(ORDERS, {**ORDER, "idempotencyKey": "k-1"}, key="k-2"), 400, "idempotency_key_malformed")

    assert effects.orders == []


def test_a_natural_key_stands_in_for_one_that_is_missing(api: Api, effects: Effects) -> None:
    first, second = api.post("/api/v1/orders/carts"), api.post("/api/v1/orders/carts")

    assert first.json() == second.json()
    assert (second["Idempotent-Replayed"], effects.orders) == ("true", ["cart-1"])
    assert api.post("/api/v1/orders/carts", key="own").json() != first.json()


def test_where_a_key_is_optional_every_request_without_one_counts(api: Api, effects: Effects) -> None:
    for key in (None, None, "k", "k"):
        assert api.put("/api/v1/orders/notes/n", key=key).status_code == 200

    assert len(effects.orders) == 3


def test_methods_that_repeat_by_themselves_ignore_the_key(api: Api, effects: Effects) -> None:
    for _ in range(2):
        assert api.delete("/api/v1/orders/notes/n", key="k").status_code == 204

    assert (effects.orders, stored()) == (["delete n"] * 2, [])


# --- Sent again ---


def test_a_repeat_is_answered_word_for_word(api: Api, effects: Effects) -> None:
    first = api.post(ORDERS, ORDER, key="k")
    again = api.post(ORDERS, ORDER, key="k")

    assert (first.status_code, first.json()["number"]) == (201, 1)
    assert again.status_code == 201
    assert again.content == first.content
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert again[name] == first[name]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert effects.orders == ["k"]


def test_a_body_that_means_the_same_is_the_same(api: Api, effects: Effects) -> None:
    api.post(ORDERS, b'{"items": [{"productId": "P-1", "quantity": 1}], "customerNote": "x"}', key="k")
    again = api.post(ORDERS, b'{"customerNote":"\\u0078","items":[{"quantity":1,"productId":"P-1"}]}', key="k")

    assert (again.status_code, effects.orders) == (201, ["k"])


@pytest.mark.parametrize(
    "other", [{"items": [{**LINE, "quantity": 2}]}, {"items": [LINE, LINE]}, {**ORDER, "customerNote": ""}, {}, []]
)
def test_another_request_under_a_used_key_is_refused(api: Api, effects: Effects, other: object) -> None:
    first = api.post(ORDERS, ORDER, key="k")

    problem(api.post(ORDERS, other, key="k"), 422, "idempotency_key_reused")

    assert api.post(ORDERS, ORDER, key="k").content == first.content
    assert effects.orders == ["k"]


def test_keys_of_different_people_and_addresses_have_nothing_in_common(api: Api, effects: Effects) -> None:
    anna, bert = api.as_customer(), api.as_customer()

    numbers = [sender.post(ORDERS, ORDER, key="k").json()["number"] for sender in (anna, bert, api, anna, bert, api)]
    assert numbers == [1, 2, 3, 1, 2, 3]
    api.put("/api/v1/orders/notes/a", key="k")
    api.put("/api/v1/orders/notes/b", key="k")
    assert effects.orders == ["k", "k", "k", "a", "b"]


def test_a_refusal_after_the_work_began_is_kept(api: Api, effects: Effects) -> None:
    declined = api.post(ORDERS, {**ORDER, "outcome": "declined"}, key="k")
    again = api.post(ORDERS, {**ORDER, "outcome": "declined"}, key="k")

    problem(declined, 402, "shop.declined")
    assert (again.status_code, again.content, again["Content-Type"]) == (
        402,
        declined.content,
        declined["Content-Type"],
    )
    assert effects.orders == ["k"]


@pytest.mark.parametrize("outcome", ["no cart", "limited", "unavailable", "timeout"])
def test_what_may_be_different_next_time_is_not_kept(api: Api, effects: Effects, outcome: str) -> None:
    first = api.post(ORDERS, {**ORDER, "outcome": outcome}, key="k")
    second = api.post(ORDERS, ORDER, key="k")

    assert first.status_code in {404, 429, 503, 504}
    assert (second.status_code, effects.orders) == (201, ["k", "k"])


def test_a_failure_of_ours_is_not_kept_and_the_key_comes_again(effects: Effects) -> None:
    client = Client(raise_request_exception=False)
    body = encode({**ORDER, "outcome": "failure"})
    answers = [
        client.post(ORDERS, body, content_type="application/json", headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert (effects.orders, stored()) == (["k", "k"], [])


def test_what_never_began_is_not_kept(api: Api, effects: Effects) -> None:
    problem(api.post(ORDERS, {"items": []}, key="k"), 422, "validation_failed")
    problem(api.request("POST", ORDERS, b"{", key="k"), 400, "malformed_body")
    problem(api.with_token("forged").post(ORDERS, ORDER, key="k"), 401, "not_authenticated")
    problem(api.post(f"{ORDERS}?x=1", ORDER, key="k"), 400, "unknown_parameter")
    assert stored() == []

    assert api.post(ORDERS, ORDER, key="k").status_code == 201
    assert effects.orders == ["k"]


# --- At once ---


@pytest.fixture
def held(effects: Effects) -> Iterator[threading.Event]:
    effects.hold = hold = threading.Event()
    yield hold
    hold.set()


def _post_in_own_thread(api: Api, body: Any, key: str) -> Any:
    try:
        return api.post(ORDERS, body, key=key)
    finally:
        connections.close_all()


def test_of_fifty_at_once_one_has_an_effect(api: Api, effects: Effects) -> None:
    customer_id = uuid4()
    barrier = threading.Barrier(50)

    def send(_: int) -> Any:
        sender = api.as_customer(customer_id)
        barrier.wait(60)
        return _post_in_own_thread(sender, ORDER, "k")

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))

    assert effects.orders == ["k"]
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.content for answer in done} == {done[0].content}
    assert sum("Idempotent-Replayed" not in answer for answer in done) == 1
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "idempotency_in_progress")
            assert int(answer["Retry-After"]) >= 1


def test_while_one_is_at_work_a_repeat_waits_its_turn(api: Api, effects: Effects, held: threading.Event) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_post_in_own_thread, api, ORDER, "k")
        assert effects.started.wait(60)

        problem(api.post(ORDERS, ORDER, key="k"), 409, "idempotency_in_progress")
        problem(api.post(ORDERS, {**ORDER, "customerNote": "x"}, key="k"), 422, "idempotency_key_reused")
        held.set()

        assert api.post(ORDERS, ORDER, key="k").status_code in {201, 409}
        assert first.result(60).status_code == 201
    assert effects.orders == ["k"]


def test_a_key_whose_owner_died_is_taken_over_after_its_lease(
    api: Api, effects: Effects, held: threading.Event
) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(_post_in_own_thread, api, ORDER, "k")
        assert effects.started.wait(60)
        age(claims.LEASE_SECONDS - 2)
        problem(api.post(ORDERS, ORDER, key="k"), 409, "idempotency_in_progress")
        age(3)
        effects.hold = None

        second = api.post(ORDERS, ORDER, key="k")

        assert (second.status_code, second.json()["number"]) == (201, 2)
        held.set()
        assert slow.result(60).json()["number"] == 1  # it was not dead after all; its answer comes too late to be kept
    assert api.post(ORDERS, ORDER, key="k").content == second.content


# --- The table ---


def _asked(**changes: Any) -> Asked:
    return Asked(**{"principal": "guest", "route": "POST /", "key": "k", "fingerprint": b"a", **changes})


def test_a_claim_is_its_owners_alone() -> None:
    first = claims.claim(_asked(), using="orders")
    assert isinstance(first, Claimed)
    assert isinstance(claims.claim(_asked(), using="orders"), Running)
    assert isinstance(claims.claim(_asked(), using="catalog"), Claimed)

    stranger = Claimed(first.id, uuid4())
    claims.finish(stranger, status=201, headers={}, body=b"no", using="orders")
    claims.release(stranger, using="orders")
    assert isinstance(claims.claim(_asked(), using="orders"), Running)

    claims.finish(first, status=201, headers={"ETag": '"x"'}, body=b"yes", using="orders")
    claims.release(first, using="orders")
    assert claims.claim(_asked(), using="orders") == Finished(201, {"ETag": '"x"'}, b"yes")
    assert claims.claim(_asked(fingerprint=b"b"), using="orders") == Reused()


def test_a_dead_owners_key_is_not_taken_over_by_another_request() -> None:
    claims.claim(_asked(), using="orders")
    age(3600)

    assert claims.claim(_asked(fingerprint=b"b"), using="orders") == Reused()
    assert isinstance(claims.claim(_asked(), using="orders"), Claimed)


def test_a_key_is_not_claimed_within_the_works_transaction() -> None:
    with pytest.raises(RuntimeError, match="before"), transaction.atomic(using="orders"):
        claims.claim(_asked(), using="orders")


def test_keys_are_forgotten_after_their_time_and_not_before() -> None:
    day = 24 * 3600
    old = claims.claim(_asked(key="finished"), using="orders")
    assert isinstance(old, Claimed)
    claims.finish(old, status=201, headers={}, body=b"", using="orders")
    claims.claim(_asked(key="abandoned"), using="orders")
    age(claims.RETENTION_DAYS * day - 60)
    assert claims.sweep(using="orders") == 0
    age(120)
    claims.claim(_asked(key="new"), using="orders")

    assert claims.sweep(using="orders", at_once=1) == 2

    assert [row.key for row in stored()] == ["new"]


def test_every_module_forgets_old_keys_by_itself() -> None:
    for module in ("catalog", "orders", "payments", "shipping", "users"):
        assert "idempotency.delete_old_keys" in {task.name for task in tasks_of(module)}


@pytest.mark.parametrize(
    "defect",
    [
        "UPDATE idempotency_key SET status = 201",
        "UPDATE idempotency_key SET finished_at = now()",
        "UPDATE idempotency_key SET finished_at = now(), status = 201, headers = '{}'",
        "UPDATE idempotency_key SET finished_at = now(), status = 500, headers = '{}', body = ''",
        "UPDATE idempotency_key SET key = ''",
        "UPDATE idempotency_key SET key = repeat('a', 256)",
        "UPDATE idempotency_key SET key = 'a b'",
        "INSERT INTO idempotency_key (id, principal, route, key, fingerprint, owner, claimed_at, lease_until)"
        " SELECT gen_random_uuid(), principal, route, key, fingerprint, owner, now(), now() FROM idempotency_key",
    ],
)
def test_the_table_refuses_what_cannot_be(defect: str) -> None:
    claims.claim(_asked(), using="orders")

    with pytest.raises(IntegrityError), connections["orders"].cursor() as cursor:
        cursor.execute(defect)
