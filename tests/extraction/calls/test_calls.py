"""In-process callers follow the record call by call, and what the fence refuses goes to the side that may write."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.contracts import ContractUnavailable, ContractViolation, following
from infra.contracts.context import carrying
from infra.contracts.signing import signed
from infra.contracts.wire import CALLER, FORWARDED, OUTCOME
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record import presence
from infra.extraction.record.values import SERVICE, Phase
from tests.extraction.calls.notes import Notes
from tests.extraction.calls.place import Place
from tests.infra.contracts.test_contract_server import KEYS
from tests.waiting import eventually

PATH = "/_contracts/orders.v99"


def test_the_same_object_asks_in_process_before_a_switch_and_the_service_after_it(place: Place, asked: Any) -> None:
    assert asked.note(key="a", text="before") == "monolith"

    place.switch()

    assert (asked.side(), asked.note(key="b", text="after")) == ("service", "service")
    assert asked.note(key="a", text="again") == "monolith"  # the key came along, and knows who wrote
    assert asked.notes() == {"a": "before", "b": "after"}


def test_the_way_back_is_the_same(place: Place, asked: Any) -> None:
    place.switch()
    asked.note(key="a", text="there")

    place.switch(to="monolith")

    assert (asked.side(), asked.note(key="b", text="here")) == ("monolith", "monolith")
    assert asked.notes() == {"a": "there", "b": "here"}


def test_shares_send_the_lowest_buckets_of_questions_and_of_orders_to_the_service(place: Place, asked: Any) -> None:
    place.say(shares={"reads": 30})

    def side(bucket: int | None) -> str:
        with carrying(bucket=bucket):
            return str(asked.side())

    assert [side(bucket) for bucket in (0, 29, 30, 99, None)] == [SERVICE, SERVICE, "monolith", "monolith", "monolith"]
    place.say(shares={"reads": 100})
    assert side(None) == SERVICE
    place.service.open()
    place.say(shares={"writes": 30})
    with carrying(bucket=29):
        assert asked.note(key="a", text="") == SERVICE
    with carrying(bucket=30):
        assert asked.note(key="b", text="") == "monolith"


def test_a_command_that_the_fence_refuses_goes_to_the_other_side_although_nobody_has_told(
    place: Place, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    place.switch(tell=False)

    with caplog.at_level(logging.ERROR):
        assert asked.note(key="a", text="once") == SERVICE

    assert place.monolith.one("SELECT count(*) FROM orders.test_note") == 0
    assert asked.note(key="a", text="once") == SERVICE
    assert [record.getMessage() for record in caplog.records if record.name == "infra.contracts"] == []


def test_a_command_refused_in_the_middle_was_rolled_back_and_is_done_once(
    place: Place, asked: Any, notes: Notes
) -> None:
    """A switch that did not wait for it happens while the command runs."""

    def switch_once() -> None:
        notes.before_writing = lambda: None
        place.switch(tell=False)

    notes.before_writing = switch_once

    assert asked.note(key="a", text="once") == SERVICE

    assert place.service.all("SELECT key, side FROM orders.test_note") == [("a", SERVICE)]
    assert place.monolith.one("SELECT count(*) FROM orders.test_note") == 0


def test_without_the_fence_such_a_command_is_lost(place: Place, asked: Any, notes: Notes) -> None:
    """The planted defect: what the test above would see if the database did not refuse."""

    def switch_unfenced() -> None:
        notes.before_writing = lambda: None
        place.switch(tell=False, fenced=False)

    notes.before_writing = switch_unfenced

    assert asked.note(key="a", text="once") == "monolith"

    assert place.service.one("SELECT count(*) FROM orders.test_note") == 0


def test_commands_wait_while_the_module_is_held_and_then_go_where_it_went(place: Place, asked: Any) -> None:
    place.say(hold=True)
    with ThreadPoolExecutor(2) as pool:
        command = pool.submit(asked.note, key="a", text="held")
        assert pool.submit(asked.side).result(60) == "monolith"  # questions are never held
        assert not command.done()

        place.switch()

        assert command.result(60) == SERVICE


def test_a_command_held_for_too_long_was_not_done(place: Place, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.2)
    place.say(hold=True)

    with pytest.raises(ContractUnavailable, match="was not done"):
        asked.note(key="a", text="")

    place.say(hold=False)
    assert asked.notes() == {}


def test_a_service_that_must_not_write_any_more_says_so_and_the_caller_waits_for_the_news(
    place: Place, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 60.0)  # on a busy machine the news come late
    place.switch()
    place.switch(to="monolith", tell=False)  # the record still names the service
    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(asked.note, key="a", text="late news")
        time_of_refusal = time.monotonic()
        eventually(lambda: "was refused" in _service_answer(place), "the service refuses")
        place.say(phase=Phase.DUAL_WRITE, epoch=3)

        assert command.result(60) == "monolith"

    assert time.monotonic() - time_of_refusal < following.PATIENCE_SECONDS
    assert place.service.one("SELECT count(*) FROM orders.test_note") == 0


def _post(
    address: str, name: str, arguments: dict[str, Any], caller: str = "tests@t", **headers: str
) -> httpx.Response:
    path, body = f"{PATH}/{name}", json.dumps(arguments).encode()
    authorization = signed(KEYS, method="POST", path=path, body=body, caller=caller)
    return httpx.post(
        address + path,
        content=body,
        headers={"Content-Type": "application/json", CALLER: caller, "Authorization": authorization, **headers},
        trust_env=False,
    )


def _service_answer(place: Place) -> str:
    return _post(place.address, "note", {"key": "probe", "text": ""}).text


def test_the_service_answers_moved_when_its_fence_refuses(place: Place) -> None:
    answer = _post(place.address, "note", {"key": "a", "text": ""})

    assert (answer.status_code, answer.headers[OUTCOME], answer.headers[HOLD_HEADER]) == (503, "moved", "orders")


def test_the_monolith_sends_a_call_of_a_service_on_as_whoever_asked(
    place: Place, asked: Any, live_server_address: str
) -> None:
    place.switch()

    answer = _post(live_server_address, "note", {"key": "a", "text": ""}, caller="payments@payments")
    stranger = _post(live_server_address, "note", {"key": "b", "text": ""}, caller="shipping@shipping")
    again = _post(live_server_address, "note", {"key": "c", "text": ""}, **{FORWARDED: "1"})

    assert (answer.status_code, answer.json()) == (200, SERVICE)
    assert stranger.status_code == 403
    assert (again.status_code, again.headers[OUTCOME]) == (503, "moved")  # nobody sends on what was sent on
    assert asked.notes() == {"a": ""}


def test_a_share_of_the_traffic_that_its_service_fails_is_answered_here_at_once(place: Place, asked: Any) -> None:
    place.say(shares={"reads": 100, "writes": 100})
    place.say(addresses={SERVICE: "http://127.0.0.1:9"})

    assert (asked.side(), asked.note(key="a", text="")) == ("monolith", "monolith")


def test_a_refused_write_of_a_module_that_never_moved_is_a_defect_and_no_news(
    place: Place, asked: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 60.0)
    place.monolith.all("DELETE FROM platform.extraction_module RETURNING 1")
    place.monolith.all("DELETE FROM platform.extraction_change RETURNING 1")
    eventually(lambda: presence.admission.known("orders") is None, "this process knows of no move")
    began = time.monotonic()

    with pytest.raises(ContractViolation):
        asked.overreach(key="a")

    assert time.monotonic() - began < following.PATIENCE_SECONDS
    assert "does not declare" in caplog.text


def test_a_side_that_refuses_for_ever_ends_in_an_error_within_the_patience(
    place: Place, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.3)
    place.monolith.close()

    with pytest.raises(ContractUnavailable, match="refused"):
        asked.note(key="a", text="")


def test_many_callers_notice_nothing_of_a_switch_there_and_back(place: Place, asked: Any) -> None:
    stop, done = threading.Event(), []

    def customer(number: int) -> None:
        count = 0
        while not stop.is_set():
            key = f"{number}-{count}"
            asked.note(key=key, text="")
            done.append(key)
            count += 1

    with ThreadPoolExecutor(4) as pool:
        customers = [pool.submit(customer, number) for number in range(4)]
        for side in (SERVICE, "monolith", SERVICE):
            before = len(done)
            eventually(lambda before=before: len(done) > before + 20, "customers ask")  # type: ignore[misc]
            place.switch(to=side)
        stop.set()
        for each in customers:
            each.result(60)

    assert sorted(place.service.all("SELECT key FROM orders.test_note")) == sorted(done)
    assert set(place.service.all("SELECT side FROM orders.test_note")) == {"monolith", SERVICE}
