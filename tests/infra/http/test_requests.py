"""Whatever is sent: an answer that a program can read, never a failure of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from infra.http.encoding import encode
from tests.api import Api
from tests.infra.http.shop import Effects

ORDERS = "/api/v1/orders"
SIGN_IN = "/api/v1/users/sign-in"
ANYBODY = "/api/v1/users/anybody"
ADDRESS = {"name": "Anna", "line1": "Ufer 1", "city": "Berlin", "postcode": "10115", "country": "DE"}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(f"/api/problems/{code}")
    assert body["instance"].startswith("urn:uuid:")
    assert body["correlationId"] == answer["X-Correlation-Id"]
    assert body["title"]
    assert body["detail"]
    return body


def test_unknown_parameters_are_refused_by_name(api: Api) -> None:
    body = problem(api.get("/api/v1/orders/rows?limit=2&colour=red&Limit=3"), 400, "unknown_parameter")

    assert body["parameters"] == ["Limit", "colour"]
    assert body["allowed"] == ["after", "flag", "limit", "owner", "status"]


def test_a_method_that_writes_knows_no_parameters(api: Api) -> None:
    body = problem(api.post(f"{SIGN_IN}?limit=2", {"key": "a"}), 400, "unknown_parameter")

    assert body["parameters"] == ["limit"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=١٢", "limit"),
        ("limit=99999999999999999999999999", "limit"),
        ("status=199", "status"),
        ("flag=maybe", "flag"),
        ("owner=42", "owner"),
        ("flag=on%00", "flag"),
    ],
)
def test_an_unusable_value_is_refused_by_the_parameters_name(api: Api, query: str, parameter: str) -> None:
    body = problem(api.get(f"/api/v1/orders/rows?{query}"), 400, "invalid_parameter")

    assert body["parameter"] == parameter


def test_every_wrong_member_is_named_by_a_pointer(api: Api, effects: Effects) -> None:
    order = {
        "items": [{"productId": "P-1", "quantity": 1}, {"productId": "P-2", "quantity": 0, "price~/": 3}],
        "shippingAddress": {**ADDRESS, "foo": 1},
        "largestTotal": {"amount": 1.5, "currency": "EUR"},
        "customerNote": "forbidden",
        "customer_note": "under its Python name",
    }

    body = problem(api.post(ORDERS, order, key="k"), 422, "validation_failed")

    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/items/1/quantity", "min_value"),
        ("/items/1/price~0~1", "unknown_field"),
        ("/shippingAddress/foo", "unknown_field"),
        ("/largestTotal", "invalid"),
        ("/customerNote", "forbidden_word"),
        ("/customer_note", "unknown_field"),
    }
    assert effects.orders == []


def test_an_address_is_checked_by_its_countrys_rules(api: Api) -> None:
    order = {"items": [{"productId": "P-1", "quantity": 1}], "shippingAddress": {**ADDRESS, "postcode": "1"}}

    body = problem(api.post(ORDERS, order, key="k"), 422, "validation_failed")

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("/shippingAddress/postcode", "malformed_postcode")
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_body"),
        (b"\xff\xfe", 400, "malformed_body"),
        (b'{"key": NaN}', 400, "malformed_body"),
        (b'{"key": "\\ud800"}', 400, "malformed_body"),
        (b'{"key": 1} {"key": 2}', 400, "malformed_body"),
        (b"[" * 100_000, 400, "malformed_body"),
        (b'{"key":' * 50_000, 400, "malformed_body"),
        (b"[]", 422, "validation_failed"),
        (b'"text"', 422, "validation_failed"),
        (b"null", 422, "validation_failed"),
        (b"1e400", 400, "malformed_body"),
        (b"{}", 422, "validation_failed"),
        (b'{"key": null}', 422, "validation_failed"),
        (b'{"key": "a\\u0000b"}', 422, "validation_failed"),
        (b'{"a\\u0000": 1, "key": "a"}', 422, "validation_failed"),
        (b'{"key": ["a"]}', 422, "validation_failed"),
        (b'{"key": {"key": "a"}}', 422, "validation_failed"),
        (b'{"key": 123456789012345678901234567890}', 422, "validation_failed"),
        (b'{"key": ' + b"9" * 5000 + b"}", 400, "malformed_body"),
    ],
)
def test_no_body_is_a_failure_of_ours(api: Api, body: bytes, status: int, code: str) -> None:
    problem(api.request("POST", SIGN_IN, body), status, code)


def test_a_body_beyond_the_limit_is_too_large(api: Api, settings: Settings) -> None:
    problem(api.post(SIGN_IN, {"key": "a" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}), 413, "body_too_large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", "text/json"]
)
def test_only_json_is_read(api: Api, content_type: str) -> None:
    problem(api.post(SIGN_IN, b"key=a", content_type=content_type), 415, "unsupported_media_type")


def test_a_body_of_unknown_length_needs_its_length() -> None:
    answer = Client().generic("POST", SIGN_IN, b"", headers={"Transfer-Encoding": "chunked"})

    problem(answer, 411, "length_required")


def test_an_answer_that_cannot_be_accepted_is_refused(api: Api) -> None:
    problem(api.get(ANYBODY, headers={"Accept": "text/html"}), 406, "not_acceptable")
    problem(api.get("/api/v1/payments/invoice", headers={"Accept": "application/pdf"}), 406, "not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/html, application/json;q=0.9", "application/problem+json"]
)
def test_an_answer_that_can_be_accepted_is_given(api: Api, accept: str) -> None:
    assert api.get(ANYBODY, headers={"Accept": accept}).status_code == 200


def test_an_unknown_method_is_refused_with_those_that_are_known(api: Api) -> None:
    for method in ("POST", "PUT", "DELETE", "TRACE", "BREW"):
        answer = api.request(method, ANYBODY)
        problem(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_options_names_the_methods(api: Api) -> None:
    answer = api.request("OPTIONS", ORDERS)

    assert (answer.status_code, answer["Allow"], answer.content) == (204, "POST, OPTIONS", b"")


def test_head_answers_as_get_does_without_the_body(api: Api) -> None:
    answer = api.request("HEAD", ANYBODY)

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "application/json", b"")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/.well-known/nothing", "/api/v1/users/anybody/42"])
def test_an_unknown_address_of_the_api_is_a_problem(api: Api, path: str) -> None:
    problem(api.get(path), 404, "not_found")


def test_a_null_character_in_the_address_is_nothing(api: Api) -> None:
    problem(api.put("/api/v1/orders/notes/a%00b"), 404, "not_found")


def test_an_unknown_page_is_a_page_and_a_problem_for_programs(api: Api) -> None:
    page = api.get("/nothing", headers={"Accept": "text/html"})

    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    problem(api.get("/nothing", headers={"Accept": "application/json"}), 404, "not_found")


def test_a_host_that_is_not_ours_is_a_problem(api: Api, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["shop.example"]

    problem(api.get(ANYBODY), 400, "bad_request")
    problem(api.get("/nothing", headers={"Accept": "application/json"}), 400, "bad_request")


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("declined", 402, "shop.declined"),
        ("sold out", 409, "shop.sold_out"),
        ("no cart", 404, "shop.no_such_cart"),
        ("unavailable", 503, "module_unavailable"),
        ("timeout", 504, "module_timeout"),
        ("limited", 429, "too_many_requests"),
    ],
)
@pytest.mark.usefixtures("database")
def test_a_refusal_is_told_with_its_code(api: Api, outcome: str, status: int, code: str) -> None:
    answer = api.post(ORDERS, {"items": [{"productId": "P-1", "quantity": 1}], "outcome": outcome}, key="k")

    problem(answer, status, code)
    assert ("Retry-After" in answer) == (status in {429, 503, 504})


@pytest.mark.usefixtures("database")
def test_what_a_refusal_knows_goes_out_in_camel_case(api: Api) -> None:
    answer = api.post(ORDERS, {"items": [{"productId": "P-1", "quantity": 1}], "outcome": "sold out"}, key="k")

    body = problem(answer, 409, "shop.sold_out")
    assert body["title"] == "There is not so much of it"
    assert body["detail"] == "Only two are left."
    assert body["linesAffected"] == [{"productId": "P-1", "available": 2}]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("outcome", ["failure", "violation"])
def test_a_failure_of_ours_tells_nothing(outcome: str) -> None:
    body = encode({"items": [{"productId": "P-1", "quantity": 1}], "outcome": outcome})
    client = Client(raise_request_exception=False)

    answer = client.post(ORDERS, body, content_type="application/json", headers={"Idempotency-Key": "k"})

    problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content


def test_a_failure_outside_our_views_is_a_problem_or_a_page() -> None:
    client = Client(raise_request_exception=False)

    problem(client.get("/api/v1/broken"), 500, "internal_error")
    page = client.get("/broken", headers={"Accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert b"secret" not in page.content


def test_answers_carry_the_headers_that_protect_clients(api: Api, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answer = api.get(ANYBODY, headers={"X-Forwarded-Proto": "https"})

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["Strict-Transport-Security"] == "max-age=3600"
    assert answer["Content-Length"] == str(len(answer.content))
    assert not answer.cookies


def test_the_api_is_redirected_to_https_like_everything_else(api: Api, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert api.get(ANYBODY).status_code == 301


def test_a_problems_type_leads_to_its_page(api: Api) -> None:
    body = problem(api.get("/api/v1/users/me"), 401, "not_authenticated")

    page = api.get("/" + body["type"].split("/", 3)[3])

    assert page.json()["code"] == "not_authenticated"
    assert page.json()["status"] == 401
    assert "text/html" in api.get("/api/problems/shop.declined", headers={"Accept": "text/html"})["Content-Type"]
    assert {"not_found", "shop.sold_out"} <= {entry["code"] for entry in api.get("/api/problems/").json()["data"]}
    problem(api.get("/api/problems/nonsense"), 404, "not_found")
