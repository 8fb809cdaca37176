"""The route `loopback`: a local module asked through the whole HTTP stack of this process, without a network."""

from __future__ import annotations

from contextvars import Context
from typing import ClassVar

from django.test import Client

from infra.contracts.context import CallContext
from infra.contracts.declaration import Contract, Method
from infra.contracts.registry import wiring
from infra.contracts.wire import OUTCOME, Answer, Caller, outcome_of, path_of, request_headers


class Loopback:
    """Asks as a service would, signature and middleware included; for tests."""

    __slots__ = ("_caller",)
    name: ClassVar[str] = "loopback"

    def __init__(self, declared: Contract, caller: str) -> None:
        self._caller = caller

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        here = wiring()
        caller = Caller(self._caller, here.service_name)
        headers = request_headers(method, body, call_context, caller, here.service_keys)
        # An empty context: what the other side knows of this one is in the request alone.
        return outcome_of(method, Context().run(_exchange, path_of(method), body, headers))


def _exchange(path: str, body: bytes, headers: dict[str, str]) -> Answer:
    client = Client(raise_request_exception=False)
    response = client.generic("POST", path, body, content_type="application/json", headers=headers)
    outcome = response.headers.get(OUTCOME)
    return Answer(response.status_code, {OUTCOME: outcome} if outcome else {}, response.content)
