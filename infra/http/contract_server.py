"""The server side of contracts: other services ask this process's modules here.

A process where the module is not at home sends the question on, once, with the identity of whoever asks.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from infra.contracts import registry
from infra.contracts.context import CallContext, current
from infra.contracts.declaration import Contract, Method, declared_contracts
from infra.contracts.errors import CallerRefused, ContractError, ContractViolation, ModuleMoved
from infra.contracts.execution import Declined
from infra.contracts.signing import verify
from infra.contracts.wire import (
    CALLER,
    FORWARDED,
    MAX_REQUEST_BYTES,
    OUTCOME,
    PREFIX,
    Answer,
    Caller,
    answer_for,
    context_from,
)
from infra.extraction.fence import HOLD_HEADER


@csrf_exempt  # callers are services that sign each request; no browser session counts here
def serve(request: HttpRequest, wire_name: str, name: str) -> HttpResponse:
    """Answer one signed call."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        body = _body(request)
        _admit(request, wire_name, name, body)
        declared, method = _method(wire_name, name)
        caller = Caller.read(request.headers.get(CALLER, ""))
        context, forwarded = _context(request, method), FORWARDED in request.headers
        result = registry.answer(declared, method, body, context, caller, forwarded=forwarded)
    except ModuleMoved as moved:
        answer = answer_for(moved)
        response = _response(replace(answer, headers={**answer.headers, HOLD_HEADER: wire_name.partition(".")[0]}))
        response._has_been_logged = True  # type: ignore[attr-defined]  # it is sent on, and no trouble of this server
        return response
    except (Declined, ContractError) as error:
        return _response(answer_for(error))
    return _response(Answer(200, {"Content-Type": "application/json", OUTCOME: "result"}, result))


def _body(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > MAX_REQUEST_BYTES:
        raise ContractViolation(f"A call has a Content-Length of at most {MAX_REQUEST_BYTES} bytes.")
    return request.body


def _admit(request: HttpRequest, wire_name: str, name: str, body: bytes) -> None:
    caller = request.headers.get(CALLER, "")
    wiring = registry.wiring()
    verify(
        wiring.service_keys,
        wiring.nonces,
        request.headers.get("Authorization", ""),
        method="POST",
        path=f"{PREFIX}{wire_name}/{name}",
        body=body,
        caller=caller,
    )
    if wiring.callers is None:
        raise CallerRefused("No callers are declared here, so that no one may ask over the network.")
    registry.require_permission(wire_name, Caller.read(caller).module)


def _method(wire_name: str, name: str) -> tuple[Contract, Method]:
    declared = next((known for known in declared_contracts() if known.wire_name == wire_name), None)
    if declared is None or name not in declared.methods:
        raise ContractViolation(f"Nothing here is called {wire_name} {name}.")
    return declared, declared.methods[name]


def _context(request: HttpRequest, method: Method) -> CallContext:
    sent, here = context_from(request.headers, method), current()
    # The middleware has already taken up the caller's correlation id, and opened a span in the caller's trace.
    return msgspec.structs.replace(
        sent,
        correlation_id=here.correlation_id or sent.correlation_id,
        traceparent=here.traceparent or sent.traceparent,
    )


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
