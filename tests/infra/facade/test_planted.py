"""Each guard of the facade, taken away on purpose: the test that watches it must fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from urllib3 import HTTPConnectionPool

from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record import presence
from infra.facade import messages
from infra.facade.forwarding import Peer
from infra.facade.messages import Outgoing
from infra.facade.middleware import Facade
from infra.facade.prefixes import Prefixes
from tests.infra.facade import test_actor, test_forwarding, test_holding, test_prefixes, test_routing
from tests.infra.facade.conftest import Record
from tests.infra.facade.front import Front
from tests.infra.facade.service import Service

pytestmark = pytest.mark.usefixtures("database")

Fence = Callable[[bool], None]
fence = test_holding.fence

# What a test says that sees a defect: a refused comparison, or `pytest.raises` that saw nothing raised.
SEEN = (AssertionError, pytest.fail.Exception)


def test_no_bulkhead(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Peer, "_take_slot", lambda self: None)
    monkeypatch.setattr(Peer, "_give_slot_back", lambda self: None)
    monkeypatch.setattr(test_forwarding, "eventually", lambda *_, **__: None)

    with pytest.raises(SEEN):
        test_forwarding.test_a_hanging_service_takes_its_places_and_no_more(service)


def test_a_write_is_retried_after_its_answer_was_lost(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    sends = Peer.send

    def send(self: Peer, sent: Outgoing, **options: Any) -> Any:
        return sends(self, replace(sent, is_repeatable=True), **options)

    monkeypatch.setattr(Peer, "send", send)

    with pytest.raises(SEEN):
        test_forwarding.test_a_write_whose_answer_was_lost_is_not_sent_again(Peer(service.address, slots=4), service)


def test_a_write_is_sent_on_a_connection_that_may_be_closing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = HTTPConnectionPool("127.0.0.1", service.port, maxsize=4)
    monkeypatch.setattr(Peer, "_connections", lambda self, most: kept)
    peer = Peer(service.address, slots=4)

    with pytest.raises(SEEN):
        test_forwarding.test_reads_share_connections_and_other_writes_have_one_each(peer, service)


def test_headers_of_clients_leak(
    front: Front, service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_NOT_PASSED_ON", frozenset())

    with pytest.raises(SEEN):
        test_routing.test_what_only_we_may_say_is_taken_off_what_clients_send(front, service, record)


def test_cookies_of_the_session_leak(
    front: Front, service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_cookies", lambda request: request.META.get("HTTP_COOKIE", ""))

    with pytest.raises(SEEN):
        test_routing.test_the_service_learns_who_asked_and_how(front, service, record)


def test_a_prefix_is_compared_by_its_beginning(
    service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begins_alike(self: Prefixes, path: str) -> str | None:
        return next((name for name in ("catalog", "orders") if path.startswith(f"/api/v1/{name}")), None)

    monkeypatch.setattr(Prefixes, "module_of", begins_alike)
    for path in ("/api/v1/catalogue/products", "/api/v1/catalogue"):
        with pytest.raises(SEEN):
            test_prefixes.test_an_address_belongs_to_the_module_whose_prefix_ends_where_a_part_of_it_ends(path, None)

    front = Front()
    with pytest.raises(SEEN):
        test_routing.test_a_prefix_that_only_begins_alike_is_not_forwarded(front, service, record)
    front.stop()


@pytest.mark.parametrize("number", range(3, 6))
def test_an_actor_is_believed_without_its_signature(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.facade.actor.hmac.compare_digest", lambda mine, theirs: True)

    with pytest.raises(SEEN):
        test_actor.test_a_forged_word_is_refused(test_actor._forgeries()[number])


def test_the_clients_own_actor_is_passed_on(
    front: Front, service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_NOT_PASSED_ON", messages._NOT_PASSED_ON - {"HTTP_X_ACTOR"})
    routes = Facade._route

    def keeps(self: Facade, request: Any) -> Any:
        forged = request.META.get("HTTP_X_ACTOR")
        request.META = _Unpoppable(request.META)
        assert forged
        return routes(self, request)

    monkeypatch.setattr(Facade, "_route", keeps)

    with pytest.raises(SEEN):
        test_routing.test_what_only_we_may_say_is_taken_off_what_clients_send(front, service, record)


class _Unpoppable(dict[str, Any]):
    def pop(self, *arguments: Any) -> Any:
        return None


def test_a_hold_is_released_to_the_old_target(
    front: Front, service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a gateway does whose configuration is read once per request."""
    monkeypatch.setattr(Facade, "_side", lambda self, journey, where: "monolith")

    with pytest.raises(SEEN):
        test_holding.test_a_held_write_waits_and_is_released_to_the_new_side(front, service, record)


def test_the_body_is_gone_at_the_second_try(
    front: Front, service: Service, record: Record, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "keep_body", lambda request: None)
    monkeypatch.setattr(messages, "_body", lambda request: (None, False))

    with pytest.raises(SEEN):
        test_holding.test_a_write_that_the_fence_refuses_here_is_sent_on(front, service, record, fence)


def test_clients_see_the_mark_of_the_fence(front: Front, fence: Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    carries = Facade._carry

    def carry(self: Facade, journey: Any) -> Any:
        response = carries(self, journey)
        response.headers[HOLD_HEADER] = "1"
        return response

    monkeypatch.setattr(Facade, "_carry", carry)
    monkeypatch.setattr("infra.facade.middleware.HOLD_HEADER", "X-Other")

    with pytest.raises(SEEN):
        test_holding.test_a_module_without_a_service_that_is_fenced_tells_no_client_of_the_fence(
            front, fence, monkeypatch
        )


def test_writes_that_run_here_are_not_counted(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a process acknowledges a hold while a write is under way."""
    assert _is_counted_while_it_runs(record)
    monkeypatch.setattr("infra.facade.middleware.SAFE_METHODS", frozenset({"GET", "HEAD", "OPTIONS", "POST"}))

    assert not _is_counted_while_it_runs(record)


def _is_counted_while_it_runs(record: Record) -> bool:
    counted: list[int] = []

    def answer(request: HttpRequest) -> HttpResponse:
        counted.append(presence.admission.under_way("orders"))
        return HttpResponse()

    record(module="orders")
    Facade(answer)(RequestFactory().post("/api/v1/orders/carts"))
    return counted == [1]
