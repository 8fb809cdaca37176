"""The floor: a bare Django with one psycopg query per view and msgspec, for gunicorn to serve like the shop.

It answers the catalogue's own statements (handed over in the environment), so that the ratio shows what the house around a
query costs, not the query. No middleware, no REST framework, no module; psycopg's own pool.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import django
import msgspec
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from psycopg_pool import ConnectionPool

VARIABLE = "BANYAN_FLOOR"  # {"catalog": URL, "orders": URL, "statements": {name: [SQL, parameters]}}

if VARIABLE in os.environ:
    _given = json.loads(os.environ[VARIABLE])
    _pools = {
        alias: ConnectionPool(_given[alias], min_size=1, max_size=4, open=True) for alias in ("catalog", "orders")
    }


def answer(value: Any, status: int = 200) -> HttpResponse:
    body = msgspec.json.encode(value)
    return HttpResponse(
        body, content_type="application/json", status=status, headers={"Content-Length": str(len(body))}
    )


def read(name: str) -> Any:
    statement, parameters = _given["statements"][name]

    def view(request: HttpRequest) -> HttpResponse:
        with _pools["catalog"].connection() as connection:
            rows = connection.execute(statement, parameters).fetchall()
        return answer({"data": [[_plain(value) for value in row] for row in rows], "next": None})

    return view


def order(request: HttpRequest) -> HttpResponse:
    """One durable commit of an order and its line: the least that placing an order can cost."""
    body = msgspec.json.decode(request.body)
    with _pools["orders"].connection() as connection:
        connection.execute(
            "INSERT INTO floor_order (id, body) VALUES (%s, %s)", [uuid.uuid4(), msgspec.json.encode(body).decode()]
        )
    return answer(body, 201)


def _plain(value: Any) -> Any:
    """Return a document's text as the values in it, as a view that shows them would need."""
    if isinstance(value, str | bytes) and value[:1] in ("{", b"{"):
        return msgspec.json.decode(value)
    return value


if VARIABLE in os.environ:
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="the floor has no secrets")
    django.setup()
    urlpatterns = [
        path("list", read("list")),
        path("detail", read("detail")),
        path("search", read("search")),
        path("orders", order),
    ]
    application = WSGIHandler()
