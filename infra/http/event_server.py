"""The server side of events that come from other processes: `/_events/<consumer>` (`infra/events/elsewhere.py` is the client).

A process where the consumer is not at home sends them on, once; the authority is the database, which refuses whoever is late.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from infra.contracts import registry
from infra.contracts.errors import CallerRefused, ContractError, ContractViolation
from infra.contracts.signing import verify
from infra.contracts.wire import CALLER, FORWARDED, Caller
from infra.events import elsewhere
from infra.events.confirmations import positions_of
from infra.events.elsewhere import MAX_BODY_BYTES, PREFIX, Positions
from infra.events.envelope import SOURCE_PREFIX, Run, decode_runs
from infra.events.handover import receive_here
from infra.extraction import home
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.home import NotHere

_decode_question = msgspec.json.Decoder(Positions).decode


@csrf_exempt  # senders are services that sign each request; no browser session counts here
def take_runs(request: HttpRequest, consumer: str) -> HttpResponse:
    """Take runs of events for a module; 204 says that all is handled or stored, and committed."""
    return _answered(request, consumer, "", _take)


@csrf_exempt
def tell_positions(request: HttpRequest, consumer: str) -> HttpResponse:
    """Tell a publisher how far a module has received its streams."""
    return _answered(request, consumer, "/positions", _tell)


Answering = Callable[[str, bytes, Caller, str], HttpResponse]
"""Takes the consumer, the body, who asks and the address where the consumer lives, "" for here."""


def _answered(request: HttpRequest, consumer: str, suffix: str, answer: Answering) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        body = _body(request)
        caller = _admitted(request, f"{PREFIX}{consumer}{suffix}", body)
        address = home.address_of(consumer)
        if address is None or (address and FORWARDED in request.headers):
            raise NotHere(f"{consumer} does not live here.")
        return answer(consumer, body, caller, address)
    except NotHere as moved:
        response = _refusal(503, str(moved), headers={HOLD_HEADER: consumer, "Retry-After": "1"})
        response._has_been_logged = True  # type: ignore[attr-defined]  # they come again, and it is no trouble of this server
        return response
    except (OperationalError, InterfaceError):
        return _refusal(503, f"The database of {consumer} is out of reach.")
    except msgspec.DecodeError as error:
        return _refusal(400, f"The request cannot be read: {error}.")
    except ContractError as error:
        return _refusal(error.status if not isinstance(error, CallerRefused) else 403, str(error))


def _take(consumer: str, body: bytes, caller: Caller, address: str) -> HttpResponse:
    runs = decode_runs(body.decode())
    if foreign := {run.source for run in runs if not _is_by(caller.module, run)}:
        raise CallerRefused(f"{caller.module} may not announce what {', '.join(sorted(foreign))} publishes.")
    if address:
        elsewhere.send_runs(address, consumer, runs, caller=caller)
    else:
        receive_here(consumer, runs)
    return HttpResponse(status=204)


def _tell(consumer: str, body: bytes, caller: Caller, address: str) -> HttpResponse:
    question = _decode_question(body)
    if question.source != caller.module:
        raise CallerRefused(f"{caller.module} may not ask for the streams of {question.source}.")
    if address:
        positions = elsewhere.positions_at(address, consumer, question.source, question.keys, caller=caller)
    else:
        positions = positions_of(consumer, question.source, question.keys)
    return HttpResponse(msgspec.json.encode(positions), content_type="application/json")


def _is_by(module: str, run: Run) -> bool:
    return run.source == module and all(
        event.event.source == SOURCE_PREFIX + module and event.event.type.partition(".")[0] == module
        for event in run.events
    )


def _body(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise ContractViolation(f"A request has a Content-Length of at most {MAX_BODY_BYTES} bytes.")
    return request.read(int(length))  # past Django's limit for bodies, which is made for customers


def _admitted(request: HttpRequest, path: str, body: bytes) -> Caller:
    caller, wiring = request.headers.get(CALLER, ""), registry.wiring()
    authorization = request.headers.get("Authorization", "")
    verify(wiring.service_keys, wiring.nonces, authorization, method="POST", path=path, body=body, caller=caller)
    if wiring.callers is None:
        raise CallerRefused("No callers are declared here, so that no one may announce anything over the network.")
    return Caller.read(caller)


def _refusal(status: int, detail: str, *, headers: dict[str, str] | None = None) -> HttpResponse:
    body = msgspec.json.encode({"detail": detail})
    return HttpResponse(body, status=status, content_type="application/json", headers=headers or {})
