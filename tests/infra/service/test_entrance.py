"""The entrance of a service: writes wait while the module is held, are counted, and are refused without a trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from infra.extraction import admission
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record import presence
from infra.extraction.record.values import Where
from infra.service.entrance import ServiceEntrance
from tests.waiting import eventually

MODULE = "payments"
requests = RequestFactory()


@pytest.fixture(autouse=True)
def service(settings: Settings) -> Iterator[None]:
    settings.SERVICE_OF = MODULE
    yield
    presence.admission.change({})


def held(hold: bool, revision: int = 1) -> None:
    presence.admission.change({MODULE: Where(module=MODULE, hold=hold, revision=revision)})


def answers(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{presence.admission.under_way(MODULE)} under way")


def test_a_write_is_counted_while_it_is_served() -> None:
    answer = ServiceEntrance(answers)(requests.post("/api/v1/payments/1/refunds"))

    assert answer.content == b"1 under way"  # type: ignore[attr-defined]
    assert presence.admission.under_way(MODULE) == 0


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_read_is_never_held(method: str) -> None:
    held(True)

    answer = ServiceEntrance(answers)(getattr(requests, method)("/api/v1/payments/1"))

    assert (answer.status_code, answer.content) == (200, b"0 under way")  # type: ignore[attr-defined]


def test_a_write_waits_for_the_end_of_the_hold() -> None:
    held(True)
    served = threading.Event()

    def serve(request: HttpRequest) -> HttpResponse:
        served.set()
        return HttpResponse("done")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ServiceEntrance(serve), requests.post("/api/v1/payments/1/refunds"))
        eventually(lambda: waiting.running(), "the request waits")
        assert not served.is_set()
        held(False, revision=2)

        assert waiting.result(timeout=60).status_code == 200


def test_a_write_that_was_held_for_too_long_is_refused_as_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    held(True)
    monkeypatch.setattr(ServiceEntrance, "patience_seconds", 0.01)

    def never(request: HttpRequest) -> HttpResponse:
        raise AssertionError("nothing may be done")

    answer = ServiceEntrance(never)(requests.post("/api/v1/payments/1/refunds"))

    assert answer.status_code == 503
    assert answer.headers[HOLD_HEADER]
    assert admission.HOLD_SECONDS > 0.01


def test_calls_and_events_have_an_admission_of_their_own() -> None:
    held(True)

    answer = ServiceEntrance(answers)(requests.post("/_contracts/payments.v1/check_method"))

    assert answer.status_code == 200
