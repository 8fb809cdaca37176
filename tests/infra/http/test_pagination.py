"""Pages of a list that changes while it is read."""

from __future__ import annotations

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from pytest_django import Settings

from infra.http.idempotency.models import IdempotencyKey
from infra.http.pagination import InvalidCursor, Page, _position
from infra.identifiers import new_id
from tests.api import Api
from tests.infra.http.test_requests import problem

pytestmark = pytest.mark.usefixtures("database")
ROWS = "/api/v1/orders/rows"
START = datetime(2026, 1, 1, tzinfo=UTC)


def add(keys: list[str], rng: random.Random) -> None:
    """Add rows whose order has many ties, as instants of one import have."""
    IdempotencyKey.objects.using("orders").bulk_create(
        IdempotencyKey(
            id=new_id(),
            principal="rows",
            route="GET /",
            key=key,
            fingerprint=b"",
            owner=uuid4(),
            claimed_at=START + timedelta(minutes=rng.randrange(20)),
            lease_until=START,
        )
        for key in keys
    )


def pages(api: Api, query: str = "limit=7") -> list[list[str]]:
    found: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        answer = api.get(f"{ROWS}?{query}" + (f"&after={after}" if after else ""))
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert set(body) == {"data", "next"}
        found.append([row["key"] for row in body["data"]])
        after = body["next"]
    return found


def test_all_pages_together_are_the_list(api: Api) -> None:
    add([f"k{number}" for number in range(50)], random.Random(1))
    whole = list(
        IdempotencyKey.objects.using("orders")
        .filter(principal="rows")
        .order_by("-claimed_at", "id")
        .values_list("key", flat=True)
    )

    found = pages(api)

    assert [len(page) for page in found] == [7] * 7 + [1]
    assert list(chain(*found)) == whole
    assert pages(api, "limit=100") == [whole]
    assert [len(page) for page in pages(api, "flag=on")] == [20, 20, 10]


def test_a_full_last_page_leads_nowhere(api: Api) -> None:
    add([f"k{number}" for number in range(14)], random.Random(1))

    assert [len(page) for page in pages(api)] == [7, 7]
    assert pages(api, "limit=14") == [list(chain(*pages(api)))]


def test_an_empty_list_is_one_empty_page(api: Api) -> None:
    assert pages(api) == [[]]


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_come_and_go_shift_nothing(api: Api, seed: int) -> None:
    rng = random.Random(seed)
    staying = [f"stays{number}" for number in range(60)]
    add(staying, rng)
    add([f"goes{number}" for number in range(60)], rng)

    found: list[str] = []
    after, turn = "", 0
    while after is not None:
        body = api.get(f"{ROWS}?limit=5" + (f"&after={after}" if after else "")).json()
        found += [row["key"] for row in body["data"]]
        after = body["next"]
        turn += 1
        add([f"comes{turn}-{number}" for number in range(3)], rng)
        for number in rng.sample(range(60), 5):
            IdempotencyKey.objects.using("orders").filter(key=f"goes{number}").delete()

    assert [key for key in found if key.startswith("stays")] == sorted(
        staying, key=[key for key in found if key.startswith("stays")].index
    )
    assert len(found) == len(set(found))
    assert set(staying) <= set(found)


def _cursor(api: Api) -> str:
    add([f"k{number}" for number in range(10)], random.Random(1))
    return str(api.get(f"{ROWS}?limit=3").json()["next"])


def test_a_cursor_is_good_for_its_own_list_and_filters_only(api: Api) -> None:
    cursor = _cursor(api)

    assert api.get(f"{ROWS}?limit=5&after={cursor}").status_code == 200
    problem(api.get(f"{ROWS}?status=404&after={cursor}"), 400, "invalid_cursor")
    problem(api.get(f"/api/v1/catalog/rows?after={cursor}"), 400, "invalid_cursor")


def test_a_cursor_with_any_byte_changed_is_refused(api: Api) -> None:
    cursor = _cursor(api)
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        forged = urlsafe_b64encode(changed).decode().rstrip("=")
        problem(api.get(f"{ROWS}?after={forged}"), 400, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["", "x", "....", "1", "e30", "é", "%00", "a" * 5000, "+/+/", "null", "=" * 8])
def test_nonsense_is_no_cursor(api: Api, cursor: str) -> None:
    answer = api.get(f"{ROWS}?after={cursor}")

    problem(answer, 400, "invalid_parameter" if cursor == "%00" else "invalid_cursor")


def test_a_cursor_cut_or_padded_is_refused(api: Api) -> None:
    cursor = _cursor(api)

    for changed in (cursor[:-1], cursor + "A", cursor + "=", " " + cursor, cursor[1:]):
        problem(api.get(f"{ROWS}?after={changed}"), 400, "invalid_cursor")


def test_processes_with_one_secret_understand_each_others_cursors(api: Api, settings: Settings) -> None:
    settings.CURSOR_SECRET = "one"
    cursor = _cursor(api)

    settings.SECRET_KEY = "another service's"
    assert api.get(f"{ROWS}?after={cursor}").status_code == 200
    settings.CURSOR_SECRET = "two"
    problem(api.get(f"{ROWS}?after={cursor}"), 400, "invalid_cursor")


@pytest.mark.parametrize("order", [("-claimed_at", "id"), ("claimed_at", "id"), ("-claimed_at", "-id"), ("key",)])
def test_views_with_their_own_sql_get_the_same_pages(order: tuple[str, ...]) -> None:
    add([f"k{number}" for number in range(30)], random.Random(2))
    by_orm = _walk(order, lambda page: page.of(IdempotencyKey.objects.using("orders").filter(principal="rows")))

    def query(page: Page) -> list[Any]:
        condition, parameters = page.condition({"id": "k.id"})
        ordering = ", ".join(f"{column.strip('-')}{' DESC' if column[0] == '-' else ''}" for column in order)
        with connections["orders"].cursor() as cursor:
            cursor.execute(
                f"SELECT claimed_at, id, key FROM idempotency_key k WHERE principal = 'rows' AND {condition}"
                f" ORDER BY {ordering} LIMIT %s",
                [*parameters, page.limit + 1],
            )
            return [dict(zip(("claimed_at", "id", "key"), row, strict=True)) for row in cursor.fetchall()]

    assert _walk(order, query) == by_orm
    assert len(by_orm) == 30


def _walk(order: tuple[str, ...], fetch: Any) -> list[str]:
    found: list[str] = []
    page = Page(order, 4, None, b"binding")
    while True:
        rows = fetch(page)
        body = page.envelope(rows, lambda row: row["key"] if isinstance(row, dict) else row.key)
        found += body["data"]
        if body["next"] is None:
            return found
        page = Page(order, 4, _values(page, body["next"]), b"binding")


def _values(page: Page, cursor: str) -> tuple[Any, ...]:
    return _position(cursor, page.binding, len(page.order))


def test_positions_come_back_as_what_they_were() -> None:
    page = Page(("a", "b", "c", "d", "e", "f"), 1, None, b"x")
    position = (START, date(2026, 2, 3), uuid4(), Decimal("1.50"), "text", 3)

    assert _values(page, page.cursor(position)) == position


def test_a_list_is_not_paged_by_what_has_no_order() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        Page(("a",), 1, None, b"x").cursor((None,))


def test_a_cursor_of_an_older_order_is_refused() -> None:
    page = Page(("a",), 1, None, b"x")

    with pytest.raises(InvalidCursor):
        _values(Page(("a", "b"), 1, None, b"x"), page.cursor((1,)))
