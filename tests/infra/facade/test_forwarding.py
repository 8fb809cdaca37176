from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.facade.forwarding import AnswerLost, NotSent, Peer
from infra.facade.messages import Incoming, Outgoing, as_django
from tests.infra.facade.service import Handler, Received, Service, answers, breaks, waits_for
from tests.waiting import eventually

# Twice what a message about a slot or a timeout takes here.
_SOON = 0.2


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    made = Peer(service.address, slots=4)
    yield made
    made.close()


def _read(target: str = "/x") -> Outgoing:
    return Outgoing(method="GET", target=target, headers={}, body=None, is_chunked=False, is_repeatable=True)


def _write(*, is_repeatable: bool = False, body: bytes = b"{}") -> Outgoing:
    return Outgoing(
        method="POST",
        target="/x",
        headers={"Content-Length": str(len(body))},
        body=body,
        is_chunked=False,
        is_repeatable=is_repeatable,
    )


def _send(peer: Peer, sent: Outgoing, *, seconds: float = 10.0, may_wait: bool = False) -> Incoming:
    return peer.send(sent, seconds=seconds, may_wait=may_wait)


def _in_turn(*behaviours: Callable[[Handler, Received], None]) -> Callable[[Handler, Received], None]:
    left = list(behaviours)
    return lambda handler, received: (left.pop(0) if len(left) > 1 else left[0])(handler, received)


def test_reads_share_connections_and_other_writes_have_one_each(peer: Peer, service: Service) -> None:
    for sent in (_read(), _read(), _write(), _write(), _write(is_repeatable=True)):
        assert _send(peer, sent).status == 200

    assert [received.connection for received in service.received] == [1, 1, 2, 3, 1]


def test_a_kept_connection_that_the_service_has_closed_is_not_noticed(peer: Peer, service: Service) -> None:
    service.behaviour = _in_turn(answers(), breaks, answers())
    _send(peer, _read())

    assert _send(peer, _read()).status == 200


def test_a_write_whose_answer_was_lost_is_not_sent_again(peer: Peer, service: Service) -> None:
    service.behaviour = breaks

    with pytest.raises(AnswerLost) as lost:
        _send(peer, _write(), may_wait=True)

    assert not lost.value.late
    assert len(service.received) == 1


def test_a_write_with_a_key_whose_answer_was_lost_is_sent_again(peer: Peer, service: Service) -> None:
    service.behaviour = _in_turn(breaks, answers(b"done"))

    assert _send(peer, _write(is_repeatable=True)).body == b"done"
    assert [received.body for received in service.received] == [b"{}", b"{}"]


def test_retries_of_reads_end(peer: Peer, service: Service) -> None:
    service.behaviour = breaks

    with pytest.raises(AnswerLost):
        _send(peer, _read())

    assert len(service.received) == 3


def test_what_reached_nobody_is_sent_when_the_service_is_back(peer: Peer, service: Service) -> None:
    service.stop()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(_send, peer, _write(), may_wait=True)
        service.start()

        assert answer.result().status == 200
    assert len(service.received) == 1


def test_a_service_that_does_not_listen_is_not_waited_for_where_another_can_answer(
    peer: Peer, service: Service
) -> None:
    service.stop()
    peer.restart_seconds = 60.0
    began = time.monotonic()

    with pytest.raises(NotSent):
        _send(peer, _write())

    assert time.monotonic() - began < peer.restart_seconds


def test_a_service_that_stays_away_is_given_up_and_then_left_alone(peer: Peer, service: Service) -> None:
    service.stop()
    peer.restart_seconds = 0.1
    for _ in range(5):
        with pytest.raises(NotSent, match="cannot be reached"):
            _send(peer, _write(), may_wait=True)

    with pytest.raises(NotSent, match="left alone"):
        _send(peer, _write(), may_wait=True)


def test_a_slow_answer_is_given_up_after_its_time(peer: Peer, service: Service) -> None:
    never = threading.Event()
    service.behaviour = waits_for(never)

    with pytest.raises(AnswerLost) as lost:
        _send(peer, _read(), seconds=0.1)
    never.set()

    assert lost.value.late
    assert len(service.received) == 1  # it is as slow the second time


def test_an_answer_that_comes_drop_by_drop_is_given_up_after_its_time(peer: Peer, service: Service) -> None:
    ended = threading.Event()

    def drips(handler: Handler, received: Received) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not ended.wait(0.02):
            handler.wfile.write(b"x" * 64)

    service.behaviour = drips
    began = time.monotonic()
    with pytest.raises(AnswerLost):
        _send(peer, _read(), seconds=0.3)
    ended.set()

    assert time.monotonic() - began < 5


def test_a_hanging_service_takes_its_places_and_no_more(service: Service) -> None:
    peer = Peer(service.address, slots=2, slot_seconds=_SOON)
    goes_on = threading.Event()
    service.behaviour = waits_for(goes_on)
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(_send, peer, _read()) for _ in range(5)]
        eventually(lambda: sum(one.done() for one in asked) == 3, "those without a place are turned away")
        goes_on.set()

        turned_away = [one for one in asked if one.exception() is not None]
        assert all(isinstance(one.exception(), NotSent) for one in turned_away)
    assert len(turned_away) == 3
    assert service.most_at_once == 2


def test_two_hanging_services_leave_threads_for_the_others(service: Service) -> None:
    together = threading.BoundedSemaphore(3)
    other = Service().start()
    peers = [Peer(one.address, slots=2, shared_slots=together, slot_seconds=_SOON) for one in (service, other)]
    goes_on = threading.Event()
    service.behaviour = other.behaviour = waits_for(goes_on)
    try:
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(_send, peer, _read()) for peer in peers for _ in range(4)]
            eventually(lambda: sum(one.done() for one in asked) == 5, "three are under way, the others turned away")
            goes_on.set()
        assert service.most_at_once + other.most_at_once == 3
        assert _send(peers[0], _read()).status == 200  # all places were given back
        assert together.acquire(timeout=0)
    finally:
        other.stop()


def test_a_large_answer_goes_through_in_pieces_and_gives_its_place_back(service: Service) -> None:
    peer = Peer(service.address, slots=1, slot_seconds=_SOON)
    large = bytes(range(256)) * 20_000
    service.behaviour = answers(large)

    answer = as_django(_send(peer, _read()))
    with pytest.raises(NotSent):
        _send(peer, _read())
    assert b"".join(answer) == large

    abandoned = as_django(_send(peer, _read()))
    abandoned.close()
    assert _send(peer, _read()).status == 200


def test_the_service_gets_the_target_as_the_client_wrote_it(peer: Peer, service: Service) -> None:
    target = "/a%20b/%E2%82%AC/c%2Fd?q=%2B+x&empty=&q=2"

    _send(peer, _read(target))

    assert service.received[0].target == target


def test_an_address_that_is_no_server_is_not_sent_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent):
        _send(Peer(f"http://127.0.0.1:{port}", slots=1), _read())
