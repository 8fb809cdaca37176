"""Each request leaves one line, and everything that follows from it is found by its correlation id."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.test import Client

from infra.contracts.context import current
from tests.api import Api
from tests.infra.observability.conftest import Lines

ANYBODY = "/api/v1/users/anybody"


def test_a_request_leaves_one_line(api: Api, log_lines: Lines) -> None:
    answer = api.get(f"{ANYBODY}/6b1f9a8e-6a0c-4d2e-8f43-0d1a6a6f5b10", headers={"X-Correlation-Id": "checkout-17"})

    (line,) = log_lines()
    assert line["event"] == "request"
    assert line["correlation_id"] == "checkout-17" == answer["X-Correlation-Id"]
    assert (line["module"], line["method"], line["status"]) == ("users", "GET", 200)
    assert line["route"] == "api/v1/users/anybody/<uuid:id_>"
    assert 0 < line["ms"] < 10_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["at"])


def test_a_refusal_is_logged_with_its_code_and_its_occurrence(api: Api, log_lines: Lines) -> None:
    answer = api.get("/api/v1/users/me")

    (line,) = log_lines()
    assert (line["status"], line["code"]) == (401, "not_authenticated")
    assert line["instance"] == answer.json()["instance"]
    assert line["correlation_id"] == answer.json()["correlationId"]


def test_an_unknown_address_is_logged_without_its_parameters(api: Api, log_lines: Lines) -> None:
    api.get("/nothing/here?password=secret")

    (line,) = log_lines()
    assert (line["route"], line["path"], line["module"]) == ("unmatched", "/nothing/here", "platform")


def test_machines_that_ask_again_and_again_are_not_logged(api: Api, log_lines: Lines) -> None:
    api.get("/healthz")

    assert log_lines() == []


@pytest.mark.usefixtures("database")
def test_a_failure_is_logged_with_where_it_happened(log_lines: Lines) -> None:
    client = Client(raise_request_exception=False)
    body = {"items": [{"productId": "P-1", "quantity": 1}], "outcome": "failure"}

    answer = client.post(
        "/api/v1/orders",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k", "X-Correlation-Id": "c"},
    )

    failure, line = log_lines()
    assert (answer.status_code, line["status"], line["code"]) == (500, 500, "internal_error")
    assert failure["event"] == "request_failed"
    assert failure["correlation_id"] == line["correlation_id"] == "c"
    assert "ZeroDivisionError" in failure["exception"]
    assert "shop.py" in failure["exception"]


@pytest.mark.parametrize("sent", ["", "a b", "a" * 65, "ü", "a\nb", "<script>", "a,b"])
def test_a_correlation_id_that_is_none_is_replaced(api: Api, sent: str) -> None:
    answer = api.get(ANYBODY, headers={"X-Correlation-Id": sent})

    assert UUID(answer["X-Correlation-Id"])


def test_requests_without_one_get_different_ones_and_leave_nothing_behind(api: Api) -> None:
    given = {api.get(ANYBODY)["X-Correlation-Id"] for _ in range(5)}

    assert len(given) == 5
    assert current().correlation_id is None


TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-03", "03"),
        (f"01-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", "01"),
    ],
)
def test_the_callers_trace_goes_on_in_a_span_of_our_own(api: Api, header: str, flags: str) -> None:
    version, trace, span, given_flags = api.get(ANYBODY, headers={"traceparent": header}).json()["trace"].split("-")

    assert (version, trace, given_flags) == ("00", TRACE, flags)
    assert span != SPAN
    assert re.fullmatch("[0-9a-f]{16}", span)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00{TRACE}{SPAN}01",
        f"cc-{TRACE}-{SPAN}-01.what",
    ],
)
def test_a_malformed_trace_is_ignored_and_a_new_one_starts(api: Api, header: str) -> None:
    version, trace, span, flags = api.get(ANYBODY, headers={"traceparent": header}).json()["trace"].split("-")

    assert (version, flags) == ("00", "01")
    assert trace not in {TRACE, "0" * 32}
    assert len(trace) == 32
    assert len(span) == 16
