"""Shadow reads: what both sides say is compared, nobody waits, and only a difference that stands counts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.utils import timezone
from prometheus_client import REGISTRY

from infra.extraction.record import presence
from infra.extraction.record.models import Progress, ShadowDifference
from infra.extraction.record.values import Phase, Where
from infra.facade import shadow
from infra.facade.shadow import Shadow
from infra.http.responses import Json
from tests.infra.facade.front import Front
from tests.infra.facade.service import Handler, Received, Service, answers, breaks, waits_for
from tests.waiting import eventually

PRODUCTS = "/api/v1/catalog/products"

pytestmark = pytest.mark.usefixtures("database")


class Monolith:
    """What the monolith says, and how often it was asked again."""

    def __init__(self) -> None:
        self.says: list[Any] = [{"name": "Lamp"}]  # the last one is kept
        self.asked = 0

    def __call__(self, request: WSGIRequest) -> HttpResponse:
        self.asked += 1
        return Json(self.says.pop(0) if len(self.says) > 1 else self.says[0])


class Compared:
    """One shadow's outcomes."""

    def __init__(self, service: Service) -> None:
        self.monolith = Monolith()
        self.shadow = Shadow(self.monolith)
        self.where = Where(
            module="catalog",
            phase=Phase.SHARED_DATABASE,
            addresses={"service": service.address},
            shares={"shadow": 100},
            revision=1,
        )
        self.tell(self.where)
        self._before = {name: self._count(name) for name in ("same", "different", "unsettled", "failed", "dropped")}

    def tell(self, where: Where) -> None:
        self.where = where
        presence.admission.change({"catalog": where})

    def compares(self, answer: Any, target: str = PRODUCTS, **meta: Any) -> None:
        response = answer if isinstance(answer, HttpResponse | StreamingHttpResponse) else Json(answer)
        self.shadow.compare(RequestFactory().get(target, **meta), "catalog", self.where, response)

    def count(self, outcome: str) -> int:
        return int(self._count(outcome) - self._before[outcome])

    def outcome(self) -> str:
        def known() -> list[str]:
            return [name for name in self._before if self.count(name)]

        eventually(known, "the comparison has ended")
        return known()[0]

    @staticmethod
    def _count(outcome: str) -> float:
        labels = {"module": "catalog", "outcome": outcome}
        return REGISTRY.get_sample_value("banyan_facade_shadow_reads_total", labels) or 0.0


@pytest.fixture
def compared(service: Service) -> Compared:
    return Compared(service)


def _says(value: Any, **headers: str) -> Callable[[Handler, Received], None]:
    return answers(json.dumps(value).encode(), headers=headers)


def _in_turn(*values: Any) -> Callable[[Handler, Received], None]:
    left = list(values)
    return lambda handler, received: _says(left.pop(0) if len(left) > 1 else left[0])(handler, received)


def test_answers_that_say_the_same_are_the_same_however_they_are_written(compared: Compared, service: Service) -> None:
    service.behaviour = answers(b'{ "size": 1,\n "name": "Lamp" }')

    compared.compares({"name": "Lamp", "size": 1}, f"{PRODUCTS}?q=l%C3%A4mp")

    assert compared.outcome() == "same"
    assert service.received[0].target == f"{PRODUCTS}?q=l%C3%A4mp"
    assert compared.monolith.asked == 0


def test_what_differs_by_design_is_not_compared(compared: Compared, service: Service) -> None:
    service.behaviour = _says({"code": "x", "instance": "urn:2", "inner": [{"correlationId": "b"}]})

    compared.compares({"code": "x", "instance": "urn:1", "inner": [{"correlationId": "a"}]})

    assert compared.outcome() == "same"


@pytest.mark.parametrize(
    "behaviour",
    [
        _says({"name": "lamp"}),
        answers(b'{"name":"Lamp"}', 404),
        answers(b'{"name":"Lamp"}', 500),
        _says({"name": "Lamp"}, ETag='"2"'),
        answers(b'{"name":"Lamp"}', headers={"Content-Type": "text/plain"}),
        answers(b'{"name":'),
        answers(b""),
    ],
)
def test_a_difference_that_stands_is_stored(
    compared: Compared, service: Service, behaviour: Callable[[Handler, Received], None]
) -> None:
    service.behaviour = behaviour

    compared.compares({"name": "Lamp"})

    assert compared.outcome() == "different"
    stored = ShadowDifference.objects.using("default").get()
    assert (stored.module, stored.path) == ("catalog", PRODUCTS)
    assert stored.expected.startswith('200 application/json\n{"name":"Lamp"}')
    assert stored.got != stored.expected
    assert len(service.received) == 2


def test_a_row_that_changed_in_between_is_no_difference(compared: Compared, service: Service) -> None:
    service.behaviour = _says({"name": "New"})
    compared.monolith.says = [{"name": "New"}]

    compared.compares({"name": "Old"})

    assert compared.outcome() == "same"
    assert compared.monolith.asked == 1


def test_a_row_that_keeps_changing_is_given_up_and_not_stored(compared: Compared, service: Service) -> None:
    service.behaviour = _in_turn({"at": 1}, {"at": 3}, {"at": 5})
    compared.monolith.says = [{"at": 2}, {"at": 4}, {"at": 6}]

    compared.compares({"at": 0})

    assert compared.outcome() == "unsettled"
    assert not ShadowDifference.objects.using("default").exists()


class TestACopy:
    """The service answers from its own tables, which follow the monolith's by some milliseconds."""

    @pytest.fixture(autouse=True)
    def _copies(self, compared: Compared) -> None:
        compared.tell(replace(compared.where, phase=Phase.DUAL_WRITE, database="service", revision=2))

    @staticmethod
    def _reports(*, seconds_from_now: float = 60, **facts: Any) -> None:
        at = timezone.now() + timedelta(seconds=seconds_from_now)
        said = {"waiting": 0, "consistent": True, "problem": "", **facts}
        Progress.objects.using("default").update_or_create(module="catalog", defaults={"at": at, "facts": said})

    def test_one_that_was_behind_is_asked_again_once_it_has_seen_the_write(
        self, compared: Compared, service: Service
    ) -> None:
        compared.monolith.says = [{"name": "New"}]
        service.behaviour = _in_turn({"name": "Old"}, {"name": "New"})
        compared.compares({"name": "New"})
        eventually(lambda: compared.monolith.asked, "both sides were asked")
        assert len(service.received) == 1

        self._reports()

        assert compared.outcome() == "same"

    def test_one_that_has_seen_it_and_still_differs_is_different(self, compared: Compared, service: Service) -> None:
        service.behaviour = _says({"name": "Wrong"})
        self._reports()

        compared.compares({"name": "Lamp"})

        assert compared.outcome() == "different"

    @pytest.mark.parametrize(
        "report", [{"seconds_from_now": 0}, {"waiting": 3}, {"consistent": False}, {"problem": "apply: no disk"}]
    )
    def test_one_that_never_says_that_it_has_seen_it_proves_nothing(
        self, compared: Compared, service: Service, monkeypatch: pytest.MonkeyPatch, report: dict[str, Any]
    ) -> None:
        monkeypatch.setattr(shadow, "COPY_SECONDS", 0.2)
        service.behaviour = _says({"name": "Old"})
        self._reports(**report)

        compared.compares({"name": "Lamp"})

        assert compared.outcome() == "unsettled"
        assert not ShadowDifference.objects.using("default").exists()

    def test_planted_a_comparison_without_position_takes_lag_for_a_difference(
        self, compared: Compared, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shadow, "_copy_has_seen", lambda module, at: True)
        service.behaviour = _in_turn({"name": "Old"}, {"name": "Old"}, {"name": "New"})
        compared.monolith.says = [{"name": "New"}]

        compared.compares({"name": "New"})

        assert compared.outcome() == "different"  # wrongly: it was a copy on its way


def test_a_service_that_does_not_answer_has_not_answered_otherwise(compared: Compared, service: Service) -> None:
    service.behaviour = breaks

    compared.compares({"name": "Lamp"})

    assert compared.outcome() == "failed"


def test_nobody_waits_for_a_service_that_hangs_and_what_is_too_much_is_dropped(
    compared: Compared, service: Service
) -> None:
    goes_on = threading.Event()
    service.behaviour = waits_for(goes_on, _says({"name": "Lamp"}))
    began = time.monotonic()
    for _ in range(shadow.WAITING + shadow.THREADS + 20):
        compared.compares({"name": "Lamp"})
    took = time.monotonic() - began

    assert took < 2  # a hanging service would have taken its timeout for each
    assert compared.count("dropped") >= 18
    assert service.most_at_once <= shadow.THREADS
    goes_on.set()
    eventually(lambda: compared.count("same") >= shadow.WAITING, "what waited was compared")


def test_a_share_of_the_reads_is_asked_twice(compared: Compared, service: Service) -> None:
    service.behaviour = _says({"name": "Lamp"})
    compared.tell(replace(compared.where, shares={"shadow": 0}))
    for _ in range(50):
        compared.compares({"name": "Lamp"})
    compared.tell(replace(compared.where, shares={"shadow": 100}))
    compared.compares({"name": "Lamp"})

    assert compared.outcome() == "same"
    assert len(service.received) == 1


def test_sessions_streams_and_large_answers_are_left_out(compared: Compared, service: Service) -> None:
    compared.compares({"name": "Lamp"}, HTTP_COOKIE="sessionid=x")
    compared.compares(StreamingHttpResponse([b"{}"]))
    compared.compares({"name": "x" * 2_000_000})
    service.behaviour = _says({"name": "Lamp"})
    compared.compares({"name": "Lamp"})

    assert compared.outcome() == "same"
    assert len(service.received) == 1


def test_a_comparison_of_a_module_that_has_moved_meanwhile_is_dropped(compared: Compared, service: Service) -> None:
    goes_on = threading.Event()
    service.behaviour = waits_for(goes_on, _says({"name": "Other"}))
    compared.compares({"name": "Lamp"})
    eventually(lambda: service.received, "the service was asked")
    compared.tell(replace(compared.where, phase=Phase.SWITCHED, revision=9))
    goes_on.set()

    assert compared.outcome() == "dropped"


def test_no_more_than_some_differences_are_stored(
    compared: Compared, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "MOST_STORED", 2)
    service.behaviour = _says({"name": "Wrong"})
    for _ in range(5):
        compared.compares({"name": "Lamp"})

    eventually(lambda: compared.count("different") == 5, "all were compared")
    assert ShadowDifference.objects.using("default").count() == 2


def test_stored_texts_are_cut(compared: Compared, service: Service) -> None:
    compared.monolith.says = [{"name": "x" * 9000}]
    service.behaviour = _says({"name": "y" * 9000})

    compared.compares({"name": "x" * 9000})

    assert compared.outcome() == "different"
    stored = ShadowDifference.objects.using("default").get()
    assert (len(stored.expected), len(stored.got)) == (4000, 4000)


class TestBehindTheFacade:
    def test_reads_of_the_real_shop_are_compared_and_writes_never(
        self, front: Front, service: Service, compared: Compared
    ) -> None:
        here = front.ask("GET", PRODUCTS)
        service.received.clear()
        service.behaviour = answers(here.body, headers={"ETag": here.lower["etag"]} if "etag" in here.lower else {})

        assert front.ask("POST", PRODUCTS, b"{}").status == 405
        assert front.ask("DELETE", PRODUCTS).status == 405
        assert front.ask("GET", PRODUCTS).body == here.body

        eventually(lambda: compared.count("same"), "the read was compared")
        assert {received.method for received in service.received} == {"GET"}

    def test_a_difference_of_the_real_shop_is_asked_again_here(
        self, front: Front, service: Service, compared: Compared
    ) -> None:
        assert front.ask("GET", PRODUCTS).status == 200

        eventually(lambda: compared.count("different"), "the read was compared")
        stored = ShadowDifference.objects.using("default").get()
        assert stored.expected.startswith("200 application/json")
