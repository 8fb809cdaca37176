"""A call as an HTTP request, and its outcome as an HTTP response; the client, the server and the loopback share it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from infra.contracts.context import CallContext
from infra.contracts.declaration import Method
from infra.contracts.errors import (
    CallerRefused,
    ContractError,
    ContractTimeout,
    ContractUnavailable,
    ContractViolation,
    ModuleMoved,
)
from infra.contracts.execution import Declined
from infra.contracts.signing import ServiceKey, signed

PREFIX = "/_contracts/"
MAX_REQUEST_BYTES = 1_000_000  # a question or an order; files have no business here
MAX_RESPONSE_BYTES = 8_000_000

OUTCOME = "Banyan-Outcome"
CALLER = "Banyan-Caller"
SECONDS_LEFT = "Banyan-Seconds-Left"
CAUSATION_ID = "Banyan-Causation-Id"
HOPS = "Banyan-Hops"
CORRELATION_ID = "X-Correlation-Id"
TRACEPARENT = "traceparent"
BUCKET = "X-Bucket"
BUCKETS = 100
FORWARDED = "Banyan-Forwarded"  # by a process where the module is not at home; none forwards it again

_SAFE_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,200}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

# The outcomes that are no result and no declared error, by their word on the wire.
_FAILURES: Mapping[str, tuple[type[ContractError], int]] = {
    "moved": (ModuleMoved, 503),  # before the class that it is a special case of
    "unavailable": (ContractUnavailable, 503),
    "unknown": (ContractTimeout, 504),
    "refused": (CallerRefused, 403),
    "violation": (ContractViolation, 500),
}


class _Failure(msgspec.Struct):
    detail: str


_decode_failure = msgspec.json.Decoder(_Failure).decode


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a module, and the process that it runs in. On the wire `orders@monolith`."""

    module: str
    process: str

    def __str__(self) -> str:
        return f"{self.module}@{self.process}"

    @classmethod
    def read(cls, text: str) -> Caller:
        module, _, process = text.partition("@")
        return cls(module, process)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, reduced to what counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def path_of(method: Method) -> str:
    return f"{PREFIX}{method.contract}/{method.name}"


def request_headers(
    method: Method,
    body: bytes,
    call_context: CallContext,
    caller: Caller,
    keys: tuple[ServiceKey, ...],
    *,
    forwarded: bool = False,
) -> dict[str, str]:
    """Return the headers of one attempt, signed now."""
    headers = {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        CALLER: str(caller),
        HOPS: str(call_context.hops),
        "Authorization": signed(keys, method="POST", path=path_of(method), body=body, caller=str(caller)),
    }
    if forwarded:
        headers[FORWARDED] = "1"
    left = call_context.seconds_left()
    if left is not None:
        headers[SECONDS_LEFT] = f"{left:.3f}"
    if call_context.correlation_id:
        headers[CORRELATION_ID] = call_context.correlation_id
    if call_context.causation_id:
        headers[CAUSATION_ID] = call_context.causation_id
    if call_context.traceparent:
        headers[TRACEPARENT] = call_context.traceparent
    if call_context.bucket is not None:
        headers[BUCKET] = str(call_context.bucket)
    return headers


def context_from(headers: Mapping[str, str], method: Method) -> CallContext:
    """Return the context that a request brings along; entries that cannot be read are left out.

    Raises:
        ContractTimeout: the caller has stopped waiting.
    """
    seconds = min(_number(headers.get(SECONDS_LEFT), method.timeout_seconds), method.timeout_seconds)
    if seconds <= 0:
        raise ContractTimeout(f"{method} was not begun: the time that the caller allows is over.")
    traceparent = headers.get(TRACEPARENT)
    return CallContext(
        correlation_id=_safe_id(headers.get(CORRELATION_ID)),
        causation_id=_safe_id(headers.get(CAUSATION_ID)),
        deadline=time.monotonic() + seconds,
        hops=int(_number(headers.get(HOPS), 1)),
        traceparent=traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None,
        bucket=bucket_in(headers.get(BUCKET)),
    )


def outcome_of(method: Method, answer: Answer) -> bytes:
    """Return the encoded result in an answer, or raise what the answer stands for."""
    outcome = answer.headers.get(OUTCOME, "")
    if outcome == "result":
        return answer.body
    if outcome == "declared":
        raise Declined(answer.body, answer.status)
    if outcome in _FAILURES:
        raise _FAILURES[outcome][0](_detail(answer.body) or f"{method} answered {answer.status}.")
    # Not from a contract server, but from something before it: a proxy, or a process that is just starting or stopping.
    if answer.status in {429, 503}:
        raise ContractUnavailable(f"{method} is not available: HTTP status {answer.status}.")
    if answer.status in {502, 504}:
        raise ContractTimeout(f"{method}: the answer was lost on the way (HTTP status {answer.status}).")
    raise ContractViolation(f"{method}: there is no contract server at the address (HTTP status {answer.status}).")


def answer_for(error: Declined | ContractError) -> Answer:
    """Return the response that stands for an outcome other than a result."""
    headers = {"Content-Type": "application/json"}
    if isinstance(error, Declined):
        return Answer(error.status, headers | {OUTCOME: "declared"}, error.body)
    word, status = next((word, status) for word, (class_, status) in _FAILURES.items() if isinstance(error, class_))
    return Answer(status, headers | {OUTCOME: word}, msgspec.json.encode(_Failure(str(error))))


def _detail(body: bytes) -> str:
    try:
        return _decode_failure(body).detail
    except msgspec.DecodeError:
        return ""


def _number(text: str | None, default: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if math.isfinite(number) else default


def bucket_in(text: str | None) -> int | None:
    """Return the bucket that a header names, None where it names none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 3 and int(text) < BUCKETS else None


def _safe_id(text: str | None) -> str | None:
    return text if text and _SAFE_ID.fullmatch(text) else None
