"""Events for consumers in other processes: runs are handed over, and positions asked for, by signed HTTP requests.

    POST /_events/<consumer>            the body is `encode_runs`; 204: handled or stored there, and committed
    POST /_events/<consumer>/positions  {"source", "keys"}; how far the consumer has received each key

Both are signed like contract calls, by the publishing module. An answer with `X-Module-Hold` says that the consumer does not
live there (any more) or is about to leave, and that nothing was done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import httpx
import msgspec

from infra.contracts import registry
from infra.contracts.errors import CallerRefused, ContractUnavailable, ContractViolation
from infra.contracts.http_route import PeerLimits, exchange, peer_at
from infra.contracts.signing import signed
from infra.contracts.wire import CALLER, FORWARDED, Answer, Caller
from infra.events.envelope import Run, encode_runs
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.home import NotHere

PREFIX = "/_events/"
MAX_BODY_BYTES = 4_000_000
BYTES_PER_REQUEST = 250_000  # some three hundred events; the consumer handles them in a few transactions
SECONDS = 5.0  # for a request; whoever takes longer gets the same again, and knows it
# The relay is one thread, and workers may be a few. Customers' calls have places of their own.
_LIMITS = PeerLimits(concurrent_calls=4)


class Positions(msgspec.Struct, frozen=True):
    """The question how far a consumer has received streams of one publisher."""

    source: str
    keys: list[str]


_positions_decoder = msgspec.json.Decoder(dict[str, int])


def send_runs(address: str, consumer: str, runs: Sequence[Run], *, caller: Caller | None = None) -> None:
    """Hand runs of one publisher to a consumer at an address; when this returns, all is committed there.

    Args:
        caller: who sends them, where this process only sends them on.

    Raises:
        NotHere: not there; nothing of the rest was done.
        ContractError: no answer, or a refusal; hand over the same again later.
    """
    for body in _bodies(runs):
        answer = _post(address, f"{PREFIX}{consumer}", body, _caller(runs[0].source, caller), forwards=bool(caller))
        if answer.status != 204:
            raise ContractViolation(f"{address} answered events for {consumer} with HTTP status {answer.status}.")


def positions_at(
    address: str, consumer: str, source: str, keys: Sequence[str], *, caller: Caller | None = None
) -> Mapping[str, int]:
    """Return how far a consumer at an address has received the streams; those that it does not know are left out.

    Raises:
        NotHere, ContractError: as `send_runs`.
    """
    body = msgspec.json.encode(Positions(source, list(keys)))
    path = f"{PREFIX}{consumer}/positions"
    answer = _post(address, path, body, _caller(source, caller), forwards=bool(caller))
    try:
        return _positions_decoder.decode(answer.body)
    except msgspec.DecodeError as error:
        raise ContractViolation(f"{address} answered the positions of {consumer} with something else.") from error


def _caller(source: str, caller: Caller | None) -> Caller:
    return caller or Caller(source, registry.wiring().service_name)


def _post(address: str, path: str, body: bytes, caller: Caller, *, forwards: bool) -> Answer:
    peer = peer_at(address, purpose="events", limits=_LIMITS)
    what = f"POST {path}"
    deadline = time.monotonic() + SECONDS
    authorization = signed(
        registry.wiring().service_keys, method="POST", path=path, body=body, caller=str(caller)
    )  # one attempt each: whoever sends tries again by itself
    headers = {"Content-Type": "application/json", CALLER: str(caller), "Authorization": authorization}
    if forwards:
        headers[FORWARDED] = "1"
    with peer.slot(what, SECONDS):
        try:
            answer = exchange(
                peer, httpx.URL(peer.address + path), headers, body, deadline, what=what, reuses_connections=True
            )
        except BaseException:
            peer.breaker.failed()
            raise
        if answer.status >= 500 and HOLD_HEADER not in answer.headers:
            peer.breaker.failed()
        else:
            peer.breaker.succeeded()
    _refuse_failures(answer, what, peer.address)
    return answer


def _refuse_failures(answer: Answer, what: str, address: str) -> None:
    if HOLD_HEADER in answer.headers:
        raise NotHere(f"{what}: not at {address} (any more).")
    if answer.status >= 500 or answer.status == 429:
        raise ContractUnavailable(f"{what}: {address} answered with HTTP status {answer.status}.")
    if answer.status in {401, 403}:
        raise CallerRefused(f"{what}: {address} refuses this process: {answer.body[:200].decode(errors='replace')}")
    if answer.status >= 400:
        raise ContractViolation(f"{what}: {address} answered with HTTP status {answer.status}.")


def _bodies(runs: Sequence[Run]) -> Iterator[bytes]:
    """Yield the runs in requests of moderate size, each run in order."""
    gathered: list[Run] = []
    size = 0
    for run in runs:
        length = len(encode_runs([run]))
        if gathered and size + length > BYTES_PER_REQUEST:
            yield encode_runs(gathered).encode()
            gathered, size = [], 0
        if length > BYTES_PER_REQUEST and len(run.events) > 1:
            middle = len(run.events) // 2
            for half in (run.events[:middle], run.events[middle:]):
                yield from _bodies([Run(run.source, run.key, half, run.cautious)])
            continue
        gathered.append(run)
        size += length
    if gathered:
        yield encode_runs(gathered).encode()
