"""A switch passes while customers write: they wait, are sent to the new side, and none is done twice or refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from prometheus_client import REGISTRY
from psycopg import sql

from infra.extraction import admission as admission_module
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record import presence
from infra.extraction.record.changing import change, read
from infra.extraction.record.values import Phase
from infra.facade import middleware
from infra.facade.middleware import Facade
from modules.orders.models import Cart
from tests.databases import admin_url
from tests.infra.facade.conftest import Record
from tests.infra.facade.front import Front
from tests.infra.facade.service import Service, answers, is_fenced, waits_for
from tests.waiting import eventually

CARTS = "/api/v1/orders/carts"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def fence() -> Iterator[Callable[[bool], None]]:
    """Takes the right to open carts from the monolith's role, and gives it back."""

    def close(closed: bool) -> None:
        database = settings.DATABASES["orders"] | connections["orders"].settings_dict
        verb = "REVOKE INSERT ON {} FROM {}" if closed else "GRANT INSERT ON {} TO {}"
        with psycopg.connect(admin_url(database["NAME"]), autocommit=True) as admin:
            schema = settings.SCHEMAS["orders"]
            admin.execute(sql.SQL(verb).format(sql.Identifier(schema, "orders_cart"), sql.Identifier(schema)))

    yield close
    close(False)


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"module": "orders", **labels}) or 0.0


def _carts() -> int:
    return Cart.objects.count()


def test_a_held_write_waits_and_is_released_to_the_new_side(front: Front, service: Service, record: Record) -> None:
    record(Phase.DUAL_WRITE, module="orders", hold=True)
    waited = _value("banyan_facade_held_seconds_count")
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(front.ask, "POST", CARTS) for _ in range(3)]
        # Reads are not held; when this one is back the writes have had the time to wait.
        assert front.ask("GET", "/api/v1/orders/carts/00000000-0000-7000-8000-000000000000").status == 404
        assert not any(one.done() for one in asked)

        record(Phase.SWITCHED, module="orders")

        assert {one.result().body for one in asked} == {b'{"from":"service"}'}
    assert _carts() == 0
    assert _value("banyan_facade_held_seconds_count") > waited


def test_a_held_write_is_done_here_when_the_switch_was_called_off(
    front: Front, service: Service, record: Record
) -> None:
    record(Phase.DUAL_WRITE, module="orders", hold=True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS)
        record(Phase.DUAL_WRITE, module="orders")

        assert asked.result().status == 201
    assert not service.received
    assert _carts() == 1


def test_a_hold_that_lasts_too_long_is_told_and_nothing_was_done(
    front: Front, service: Service, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "HOLD_SECONDS", 0.1)
    record(Phase.DUAL_WRITE, module="orders", hold=True)

    answer = front.ask("POST", CARTS)

    assert (answer.status, json.loads(answer.body)["code"]) == (503, "module_held")
    assert answer.lower["retry-after"] == "1"
    assert HOLD_HEADER.lower() not in answer.lower
    assert _carts() == 0


def test_nobody_waits_for_longer_than_clients_do() -> None:
    assert vars(middleware)["HOLD_SECONDS"] == admission_module.HOLD_SECONDS == 2.5


def test_a_write_that_is_under_way_here_puts_the_switch_off(front: Front, service: Service, record: Record) -> None:
    """Only what runs here counts here: a forwarded one is the service's to count."""
    goes_on = threading.Event()
    service.behaviour = waits_for(goes_on)
    record(module="orders", shares={"writes": 100})
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS)
        eventually(lambda: service.received, "it was forwarded")
        assert presence.admission.under_way("orders") == 0
        goes_on.set()
        assert asked.result().status == 200


def test_a_write_that_the_fence_refuses_here_is_sent_on(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None]
) -> None:
    record(Phase.DUAL_WRITE, module="orders")  # late: the switch is over
    fence(True)
    sent_on = _value("banyan_facade_stragglers_total", refused_by="monolith")

    answer = front.ask("POST", CARTS, b"{}", {"Content-Type": "application/json"})

    assert answer.body == b'{"from":"service"}'
    assert HOLD_HEADER.lower() not in answer.lower
    assert service.received[0].body == b"{}"
    assert _value("banyan_facade_stragglers_total", refused_by="monolith") == sent_on + 1


def test_a_write_that_both_sides_refuse_goes_round_until_one_takes_it(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None]
) -> None:
    """A switch that is called off: the fence has closed here, nothing has opened there, and then it opens here again."""
    record(Phase.DUAL_WRITE, module="orders")
    service.behaviour = is_fenced
    fence(True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS, b"{}", {"Content-Type": "application/json"})
        eventually(lambda: len(service.received) >= 2, "it was refused here, there, and again")
        fence(False)

        answer = asked.result()
    assert answer.status == 201  # the same request, run here more than once, its body kept
    assert _carts() == 1


def test_a_write_that_both_sides_refuse_waits_for_the_news(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None]
) -> None:
    record(Phase.DUAL_WRITE, module="orders")
    service.behaviour = is_fenced
    fence(True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS)
        eventually(lambda: service.received, "it was refused on both sides")
        service.behaviour = answers()
        record(Phase.SWITCHED, module="orders")

        assert asked.result().body == b'{"from":"service"}'


def test_a_write_that_nobody_takes_is_told_and_nothing_was_done(
    front: Front,
    service: Service,
    record: Record,
    fence: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(middleware, "HOLD_SECONDS", 0.3)
    record(Phase.DUAL_WRITE, module="orders")
    service.behaviour = is_fenced
    fence(True)
    began = time.monotonic()

    answer = front.ask("POST", CARTS)

    assert (answer.status, json.loads(answer.body)["code"]) == (503, "module_held")
    assert HOLD_HEADER.lower() not in answer.lower
    assert time.monotonic() - began < 2
    assert len(service.received) < 40  # it is asked with pauses


def test_a_module_without_a_service_that_is_fenced_tells_no_client_of_the_fence(
    front: Front, fence: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "HOLD_SECONDS", 0.1)
    fence(True)

    answer = front.ask("POST", CARTS)

    assert (answer.status, json.loads(answer.body)["code"]) == (503, "module_held")
    assert HOLD_HEADER.lower() not in answer.lower


def test_a_service_that_may_not_write_yet_sends_back_here(front: Front, service: Service, record: Record) -> None:
    record(module="orders", shares={"writes": 100})
    service.behaviour = is_fenced

    answer = front.ask("POST", CARTS)

    assert answer.status == 201
    assert len(service.received) == 1


def test_a_service_that_does_not_write_any_more_sends_back_when_the_news_are_there(
    front: Front, service: Service, record: Record
) -> None:
    """The way back: the record here still says switched, the monolith writes again."""
    record(Phase.SWITCHED, module="orders")
    service.behaviour = is_fenced

    assert front.ask("POST", CARTS).status == 201


def test_a_forwarded_write_that_meets_a_hold_at_the_service_waits_here(
    front: Front, service: Service, record: Record
) -> None:
    """Between the decision and its arrival a hold began."""

    def is_held(handler: object, received: object) -> None:
        record(Phase.SWITCHED, module="orders", hold=True)
        service.behaviour = answers(b'{"from":"service, later"}')
        is_fenced(handler, received)  # type: ignore[arg-type]

    record(Phase.SWITCHED, module="orders")
    service.behaviour = is_held
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS)
        eventually(lambda: presence.where("orders").hold, "the hold began")
        record(Phase.SWITCHED, module="orders")

        assert asked.result().body == b'{"from":"service, later"}'
    assert _carts() == 0


def test_the_refused_connection_is_clean_for_whoever_comes_next(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None]
) -> None:
    record(Phase.DUAL_WRITE, module="orders")
    fence(True)
    assert front.ask("POST", CARTS).status == 200
    fence(False)

    assert [front.ask("POST", CARTS).status for _ in range(5)] == [201] * 5


class TestWithTheRecordItself:
    """Processes follow the real record; a switch waits for what is under way here."""

    @pytest.fixture(autouse=True)
    def _follows(self, settings: object) -> Iterator[None]:
        name = connections["default"].settings_dict["NAME"]
        settings.EXTRACTION_RECORD_URL = admin_url(str(name)) + " options='-csearch_path=platform'"  # type: ignore[attr-defined]
        presence.start()
        yield
        presence.stop()

    def test_a_switch_in_the_record_moves_held_writes(self, front: Front, service: Service) -> None:
        record = change(
            read("orders"),
            who="test",
            why="copy",
            phase=Phase.DUAL_WRITE,
            addresses={"service": service.address},
        )
        record = change(record, who="test", why="switch", hold=True)
        eventually(lambda: presence.where("orders").hold, "the hold is known here")
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(front.ask, "POST", CARTS) for _ in range(4)]
            change(record, who="test", why="switched", hold=False, phase=Phase.SWITCHED, epoch=2)

            assert {one.result().body for one in asked} == {b'{"from":"service"}'}
        assert _carts() == 0


def test_planted_a_hold_that_is_released_to_the_old_side_is_seen(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defect: the side is chosen before the wait. Then the write runs on the side that gave the truth away."""
    monkeypatch.setattr(Facade, "_side", lambda self, journey, where: "monolith")
    record(Phase.DUAL_WRITE, module="orders", hold=True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(front.ask, "POST", CARTS)
        record(Phase.SWITCHED, module="orders")
        assert asked.result().status == 201

    with pytest.raises(AssertionError):
        assert _carts() == 0  # what `..._is_released_to_the_new_side` asks for


def test_planted_a_refusal_that_is_not_seen_reaches_the_client(
    front: Front, service: Service, record: Record, fence: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defect: `refused_by_fence` knows the wrong error. What the client gets then is no answer of a shop."""
    monkeypatch.setattr("infra.http.problems.refused_by_fence", lambda error: False)
    record(Phase.DUAL_WRITE, module="orders")
    fence(True)

    assert front.ask("POST", CARTS).status == 500
    assert not service.received
