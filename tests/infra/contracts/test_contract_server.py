"""Who is let in, and what the server answers to calls that are not made by our client."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from infra.contracts import ContractUnavailable, resolve
from infra.contracts.signing import read_keys, signed
from infra.contracts.wire import MAX_REQUEST_BYTES
from tests.infra.contracts.echo import Echo, EchoContract

PATH = "/_contracts/echo.v1/water"
KEYS = read_keys(["tests:0123456789abcdef0123456789abcdef"])
STRANGERS_KEYS = read_keys(["tests:" + "x" * 32])


def post(path: str = PATH, body: bytes = b'{"litres":3}', caller: str = "tests@t", **changes: Any) -> Any:
    keys = changes.pop("keys", KEYS)
    headers = {
        "Banyan-Caller": caller,
        "Authorization": signed(keys, method="POST", path=path, body=body, caller=caller),
    } | changes.pop("headers", {})
    client = Client(enforce_csrf_checks=True)
    return client.generic("POST", path, changes.pop("sent", body), content_type="application/json", headers=headers)


def test_a_signed_call_is_answered(echo: Echo) -> None:
    answer = post()

    assert (answer.status_code, answer.content, answer.headers["Banyan-Outcome"]) == (200, b"3", "result")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"keys": STRANGERS_KEYS}, "does not fit"),
        ({"sent": b'{"litres":4}'}, "does not fit"),
        ({"headers": {"Authorization": ""}}, "no Banyan-HMAC-SHA256"),
        ({"headers": {"Banyan-Caller": "orders@t"}}, "does not fit"),
        ({"caller": "shipping@monolith"}, "shipping may not ask"),
        ({"caller": "@"}, "may not ask"),
    ],
    ids=str,
)
def test_who_is_not_known_or_not_declared_is_refused(echo: Echo, changes: dict[str, Any], detail: str) -> None:
    answer = post(**changes)

    assert answer.status_code == 403
    assert detail in json.loads(answer.content)["detail"]
    assert echo.calls == []


def test_a_request_played_back_is_refused(echo: Echo) -> None:
    headers = {"Authorization": signed(KEYS, method="POST", path=PATH, body=b'{"litres":3}', caller="tests@t")}

    assert post(headers=headers).status_code == 200
    assert post(headers=headers).status_code == 403
    assert echo.calls == ["water"]


def test_without_declared_callers_no_one_is_let_in(echo: Echo, settings: Settings) -> None:
    settings.CONTRACT_CALLERS = None

    assert post().status_code == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_post_is_allowed(echo: Echo, method: str) -> None:
    answer = Client().generic(method, PATH)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"litres":"3"}',
        b'{"litres":3.5}',
        b"{}",
        b'{"litres":3,"more":1}',
        b'{"litres":null}',
        b"\xff",
    ],
)
def test_arguments_outside_the_contract_are_refused(echo: Echo, body: bytes) -> None:
    answer = post(body=body)

    assert (answer.status_code, answer.headers["Banyan-Outcome"]) == (500, "violation")
    assert echo.calls == []


def test_a_body_above_the_limit_is_refused_unread(echo: Echo) -> None:
    answer = post(body=b" " * (MAX_REQUEST_BYTES + 1))

    assert answer.headers["Banyan-Outcome"] == "violation"
    assert str(MAX_REQUEST_BYTES) in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["/_contracts/echo.v1/unknown", "/_contracts/echo.v1/calls", "/_contracts/echo.v1/__init__"]
)
def test_only_declared_methods_can_be_called(echo: Echo, path: str) -> None:
    answer = post(path=path)

    assert answer.headers["Banyan-Outcome"] == "violation"
    assert "Nothing here" in answer.content.decode()


def test_a_contract_that_no_one_declared_is_refused(echo: Echo) -> None:
    assert "may not ask" in post(path="/_contracts/unknown.v1/water").content.decode()


def test_a_module_that_lives_elsewhere_is_not_answered_for(echo: Echo, settings: Settings) -> None:
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": "http://127.0.0.1:9"}

    answer = post()

    assert (answer.status_code, answer.headers["Banyan-Outcome"]) == (503, "unavailable")
    assert echo.calls == []


def test_a_call_whose_caller_has_stopped_waiting_is_not_begun(echo: Echo) -> None:
    answer = post(headers={"Banyan-Seconds-Left": "-0.5"})

    assert (answer.status_code, answer.headers["Banyan-Outcome"]) == (504, "unknown")
    assert echo.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Banyan-Seconds-Left": "nan"},
        {"Banyan-Seconds-Left": "a while"},
        {"Banyan-Seconds-Left": "1e999"},
        {"Banyan-Hops": "many"},
        {"traceparent": "00-zz"},
        {"X-Correlation-Id": "a b\u00e9"},
        {"Banyan-Causation-Id": "x" * 1000},
    ],
    ids=str,
)
def test_context_that_cannot_be_read_is_left_out(echo: Echo, headers: dict[str, str]) -> None:
    answer = post(path="/_contracts/echo.v1/travelled", body=b"{}", headers=headers)

    seen = json.loads(answer.content)
    assert (seen["causation_id"], seen["hops"]) == (None, 1)
    assert "zz" not in (seen["traceparent"] or "")
    assert 4.5 < float(seen["seconds_left"]) <= 5


def test_a_caller_cannot_buy_more_time_than_the_contract_gives(echo: Echo) -> None:
    answer = post(path="/_contracts/echo.v1/travelled", body=b"{}", headers={"Banyan-Seconds-Left": "3600"})

    assert float(json.loads(answer.content)["seconds_left"]) <= 5


def test_an_unexpected_error_is_logged_with_its_trace_and_not_told(
    echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = post(path="/_contracts/echo.v1/refuse", body=b'{"how":"unexpected"}')

    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()
    assert "RuntimeError: secret detail" in caplog.text


def test_an_old_key_is_accepted_while_keys_are_rotated(echo: Echo, settings: Settings) -> None:
    settings.SERVICE_KEYS = ["next:" + "n" * 32, *settings.SERVICE_KEYS]

    assert post().status_code == 200
    assert post(keys=read_keys(["next:" + "n" * 32])).status_code == 200

    settings.SERVICE_KEYS = ["next:" + "n" * 32]
    assert post().status_code == 403


def test_a_server_error_before_the_contract_server_leaves_the_outcome_open(echo: Echo, settings: Settings) -> None:
    settings.CONTRACT_ROUTE = "loopback"
    settings.ROOT_URLCONF = "tests.infra.contracts.no_urls"

    with pytest.raises(Exception, match="no contract server") as caught:
        resolve(EchoContract).travelled()

    assert not isinstance(caught.value, ContractUnavailable)
