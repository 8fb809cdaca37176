"""What a caller sees when the service asked is slow, broken or gone; with real sockets."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
import pytest
from pytest_django import Settings

from infra.contracts import ContractError, ContractTimeout, ContractUnavailable, ContractViolation, resolve
from infra.contracts.context import carrying
from infra.contracts.declaration import declaration_of
from infra.contracts.http_route import Http, Peer, PeerLimits, close_peers, peer_at, whole_body
from infra.contracts.proxies import proxy_class
from infra.contracts.resilience import CircuitBreaker, RetryBudget
from infra.contracts.signing import read_keys
from infra.contracts.wire import MAX_RESPONSE_BYTES, Caller
from tests.infra.contracts.broken_servers import Behaviour, BrokenServer, answers, drips, hangs_up, is_silent
from tests.infra.contracts.echo import Echo, EchoContract, TreeFelled

SERVES_ONE = answers(b"1")
IS_STARTING = answers(b"<html>starting</html>", status="503 Service Unavailable", outcome=None)
KEY = read_keys(["tests:0123456789abcdef0123456789abcdef"])  # the one of the test settings


@pytest.fixture
def server() -> Iterator[Callable[..., BrokenServer]]:
    servers: list[BrokenServer] = []

    def start(*behaviours: Behaviour) -> BrokenServer:
        servers.append(BrokenServer(list(behaviours)))
        return servers[-1]

    yield start
    for started in servers:
        started.close()


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    used: list[Peer] = []
    yield used
    for peer in used:
        peer.close()


@pytest.fixture
def ask_at(peers: list[Peer]) -> Callable[..., Any]:
    def ask(address: str, **options: Any) -> Any:
        peers.append(Peer(address, **options))
        return proxy_class(EchoContract)(Http(declaration_of(EchoContract), peers[-1], Caller("tests", "t"), KEY))

    return ask


def unused_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_service_that_is_not_there_is_unavailable(ask_at: Callable[..., Any]) -> None:
    with pytest.raises(ContractUnavailable, match="cannot be reached"):
        ask_at(unused_address()).slow()


@pytest.mark.parametrize("behaviour", [is_silent, drips])
def test_no_answer_in_time_leaves_the_outcome_unknown(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], behaviour: Behaviour
) -> None:
    broken = server(behaviour)
    begun = time.monotonic()

    with pytest.raises(ContractTimeout):
        ask_at(broken.address).slow()

    assert 0.45 < time.monotonic() - begun < 2


def test_an_answer_that_is_there_whole_is_taken_although_the_time_is_over() -> None:
    def answer(*chunks: bytes, length: str | None) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": length} if length else {}, content=iter(chunks))

    over = time.monotonic() - 1

    assert whole_body("asked", answer(b"whole", length="5"), over) == b"whole"
    for unfinished in (answer(b"half", b"whole", length="9"), answer(b"of", b"no", b"length", length=None)):
        with pytest.raises(ContractTimeout):
            whole_body("asked", unfinished, over)


def test_a_caller_in_a_hurry_waits_no_longer_than_it_may(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any]
) -> None:
    broken = server(is_silent)

    with carrying(deadline=time.monotonic() + 0.1), pytest.raises(ContractTimeout):
        ask_at(broken.address).water(litres=1)

    (request,) = broken.requests
    assert b"Banyan-Seconds-Left: 0.0" in request or b"Banyan-Seconds-Left: 0.1" in request


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda asked: asked.slow(), id="query"),
        pytest.param(lambda asked: asked.plant(key="k", tree=UUID(int=1)), id="keyed command"),
    ],
)
@pytest.mark.parametrize("failure", [hangs_up, IS_STARTING], ids=["hangs up", "is starting"])
def test_what_may_be_repeated_is_repeated(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], call: Any, failure: Behaviour
) -> None:
    broken = server(failure, failure, SERVES_ONE)

    assert call(ask_at(broken.address)) == 1

    assert len(broken.requests) == 3
    assert len({request.partition(b"\r\n\r\n")[2] for request in broken.requests}) == 1, "the very same call"
    nonces = {request.partition(b"nonce=")[2][:32] for request in broken.requests}
    assert len(nonces) == 3, "each attempt is signed anew, or the server would take it for a replay"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        pytest.param(hangs_up, ContractTimeout, id="hangs up"),
        pytest.param(IS_STARTING, ContractUnavailable, id="is starting"),
    ],
)
def test_a_command_without_a_key_is_never_repeated(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], failure: Behaviour, expected: type[ContractError]
) -> None:
    broken = server(failure, SERVES_ONE)

    with pytest.raises(expected):
        ask_at(broken.address).water(litres=1)

    assert len(broken.requests) == 1


def test_three_attempts_are_enough(server: Callable[..., BrokenServer], ask_at: Callable[..., Any]) -> None:
    broken = server(IS_STARTING)

    with pytest.raises(ContractUnavailable):
        ask_at(broken.address).travelled()

    assert len(broken.requests) == 3


def test_nothing_is_repeated_when_the_retry_budget_is_spent(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any]
) -> None:
    broken = server(IS_STARTING)

    with pytest.raises(ContractUnavailable):
        ask_at(broken.address, budget=RetryBudget(reserve=0.5)).travelled()

    assert len(broken.requests) == 1


def test_nothing_is_repeated_after_the_deadline(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any]
) -> None:
    broken = server(is_silent, SERVES_ONE)

    with pytest.raises(ContractTimeout):
        ask_at(broken.address).slow()

    assert len(broken.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answers(b"", status="502 Bad Gateway", outcome=None), ContractTimeout),
        (answers(b"", status="504 Gateway Timeout", outcome=None), ContractTimeout),
        (answers(b"", status="429 Too Many Requests", outcome=None), ContractUnavailable),
        (answers(b"<html>", status="200 OK", outcome=None), ContractViolation),
        (answers(b"<html>", status="404 Not Found", outcome=None), ContractViolation),
        (answers(b"", status="302 Found", outcome=None), ContractViolation),
        (answers(b"not json"), ContractViolation),
        (answers(b'"text"'), ContractViolation),
        (answers(b"{}", status="409 Conflict", outcome="declared"), ContractViolation),
        (
            answers(b'{"code":"never.heard","detail":"","members":{}}', status="409 Conflict", outcome="declared"),
            ContractViolation,
        ),
        (answers(b" " * (MAX_RESPONSE_BYTES + 1)), ContractViolation),
    ],
)
def test_each_kind_of_bad_answer_is_told_apart(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], answer: Behaviour, expected: type[ContractError]
) -> None:
    with pytest.raises(ContractError) as caught:
        ask_at(server(answer).address).water(litres=1)

    assert type(caught.value) is expected


def test_the_breaker_opens_after_failures_and_closes_after_a_success(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    now = [0.0]
    broken = server(*[IS_STARTING] * 5, SERVES_ONE)
    asked = ask_at(broken.address, breaker=CircuitBreaker(clock=lambda: now[0]))
    for _ in range(5):
        with pytest.raises(ContractUnavailable, match="503"):
            asked.water(litres=1)

    with pytest.raises(ContractUnavailable, match="left alone"):
        asked.water(litres=1)
    assert len(broken.requests) == 5, "nothing is sent while the breaker is open"

    now[0] += 1.5
    assert asked.water(litres=1) == 1
    assert not peers[0].breaker.is_open


def test_refusals_do_not_open_the_breaker(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    felled = answers(b'{"code":"echo.tree_felled","detail":"","members":{}}', status="409 Conflict", outcome="declared")
    asked = ask_at(server(felled).address)

    for _ in range(10):
        with pytest.raises(TreeFelled):
            asked.refuse(how="declared")

    assert not peers[0].breaker.is_open


def test_callers_in_a_hurry_do_not_open_the_breaker(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    asked = ask_at(server(is_silent).address)

    for _ in range(6):
        with carrying(deadline=time.monotonic() + 0.02), pytest.raises(ContractTimeout):
            asked.water(litres=1)

    assert not peers[0].breaker.is_open


def test_a_slow_service_takes_only_its_share_of_threads(
    server: Callable[..., BrokenServer], ask_at: Callable[..., Any]
) -> None:
    silent = server(is_silent)
    asked = ask_at(silent.address, limits=PeerLimits(concurrent_calls=2, wait_for_slot_seconds=0.01))
    threads = [threading.Thread(target=_quietly, args=(asked.slow,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert silent.connected.acquire(timeout=5)

    with pytest.raises(ContractUnavailable, match="2 calls to"):
        asked.water(litres=1)
    for thread in threads:
        thread.join()

    assert len(silent.requests) == 2


def test_connections_are_kept_for_what_may_be_repeated(
    live_server_address: str, echo: Echo, ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    asked = ask_at(live_server_address)
    for _ in range(5):
        asked.travelled()

    assert len(peers[0].transport(reuses_connections=True)._pool.connections) == 1


def test_a_command_without_a_key_gets_a_connection_of_its_own(
    live_server_address: str, echo: Echo, ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    ask_at(live_server_address).water(litres=1)

    assert peers[0].transport(reuses_connections=False)._pool.connections == []


def test_closed_connections_are_opened_again_when_needed(
    live_server_address: str, echo: Echo, ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    asked = ask_at(live_server_address)
    asked.travelled()

    peers[0].close()

    asked.travelled()


def test_all_contracts_of_a_service_share_its_peer(echo: Echo, settings: Settings) -> None:
    assert peer_at("http://127.0.0.1:9") is peer_at("http://127.0.0.1:9")
    assert peer_at("http://127.0.0.1:9") is not peer_at("http://127.0.0.1:10")
    close_peers()


def test_a_module_that_lives_at_an_address_is_asked_over_http(
    live_server_address: str, echo: Echo, settings: Settings
) -> None:
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": live_server_address}
    asked = resolve(EchoContract)
    # The very same process answers: not for a module that it believes to live elsewhere.
    with pytest.raises(ContractUnavailable, match="not served here"):
        asked.water(litres=1)

    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": "local"}
    assert asked.water(litres=1) == 1
    close_peers()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 and newer; the child does nothing else
def test_a_forked_process_opens_its_own_connections(
    live_server_address: str, echo: Echo, ask_at: Callable[..., Any], peers: list[Peer]
) -> None:
    peer = peer_at(live_server_address)
    transport = peer.transport(reuses_connections=True)
    child = os.fork()
    if child == 0:
        os._exit(0 if peer.transport(reuses_connections=True) is not transport else 1)

    assert os.waitpid(child, 0)[1] == 0
    close_peers()


def _quietly(call: Callable[[], object]) -> None:
    with suppress(ContractError):
        call()
