"""An outsider, schemathesis, reads the API's own description and tries whatever it allows and whatever it forbids.

Every operation is tried as a guest, as a customer and as staff: with examples, at the edges of each value, with random
values good and bad, and in sequences where one answer feeds the next request. There must be no server error, no
undocumented answer, and no answer that differs from its description.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.api import Api
from tests.journeys.visitors import Visitor, visitor

pytestmark = pytest.mark.usefixtures("database")

EXAMPLES = 10  # random requests for each operation and kind, besides those at the edges of each value
CONFIGURATION: dict[str, Any] = {
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
    "suppress-health-check": ["all"],
    "checks": {
        # A description cannot say which countries exist, which passwords are weak or which cards are declined.
        "positive_data_acceptance": {"enabled": False},
        # It takes the values known for paths for something that the same sequence created.
        "ensure_resource_availability": {"enabled": False},
        # It cannot repeat a request without its token in process; a test below does.
        "ignored_auth": {"enabled": False},
        # Preconditions come before the body (RFC 9110, 13.2): what is stale is refused unread.
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 406, 409, 412, 413, 415, 422, 429]},
    },
}
# They need a token from an e-mail, or would end what the other requests need.
NOT_EXPECTED_TO_SUCCEED = {"verifyEmail", "resetPassword", "changePassword", "eraseMe"}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Findings:
    """What a run of schemathesis found: `failures` by title, and the statuses that each operation answered."""

    def __init__(self, run: Iterable[events.EngineEvent]) -> None:
        self.failures: dict[str, str] = {}
        self.statuses: dict[str, set[int]] = defaultdict(set)
        for event in run:
            if isinstance(event, events.FatalError):
                raise event.exception
            if isinstance(event, events.NonFatalError):
                self.failures[f"{event.label}: schemathesis could not go on"] = repr(event.value)
            if isinstance(event, events.ScenarioFinished):
                self._read(event.recorder)

    def _read(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                case = recorder.cases[case_id].value
                self.statuses[case.operation.label].add(interaction.response.status_code)
        for case_id, checks in recorder.checks.items():
            answer = recorder.interactions[case_id].response
            for found in (check.failure_info for check in checks if check.failure_info is not None):
                text = f"{answer.status_code} {answer.text[:500]}" if answer else ""
                title = f"{found.failure.operation}: {found.failure.title}"
                self.failures[title] = f"{found.failure.message}\n{text}\n{found.code_sample}"


@pytest.mark.parametrize("kind", ["guest", "customer", "staff"])
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a long body that schemathesis made up
def test_every_answer_keeps_to_the_description(kind: str) -> None:
    somebody = visitor(kind)

    found = Findings(from_schema(_described(somebody, _shop)).execute())

    assert not found.failures, "\n\n".join(f"{title}\n{how}" for title, how in found.failures.items())
    for operation, its_description in _operations().items():
        if its_description["operationId"] not in NOT_EXPECTED_TO_SUCCEED and _is_for(its_description) == kind:
            assert any(200 <= status < 300 for status in found.statuses[operation]), (operation, found.statuses)


def test_what_needs_a_token_refuses_whoever_has_none() -> None:
    answers = {
        operation: Api().request(method, re.sub(r"\{\w+\}", str(uuid4()), path), {}).status_code
        for operation, its_description in _operations().items()
        for method, _, path in [operation.partition(" ")]
        if _is_for(its_description) != "guest"
    }

    assert set(answers.values()) == {401}, answers
    assert len(answers) > 15


@pytest.mark.parametrize(
    ("defect", "title"),
    [
        ({"status": "500 Oops"}, "Server error"),
        ({"status": "202 Accepted"}, "Undocumented status code"),
        ({"type": "text/plain"}, "Undocumented Content-Type"),
        ({"body": b'{"data": [{"code": 7}], "next": null}'}, "Response violates schema"),
    ],
)
def test_a_planted_defect_is_found(defect: dict[str, Any], title: str) -> None:
    description = _described(visitor("guest"), _broken(defect)).include(operation_id="listRates")

    found = Findings(from_schema(description).execute())

    assert f"GET /api/v1/shipping/rates: {title}" in found.failures


def _described(somebody: Visitor, shop: Application) -> Any:
    """Return the API's description with what the visitor knows filled in, for requests to `shop`."""
    description = Api().get("/api/openapi.json").json()
    for operations in description["paths"].values():
        for operation in operations.values():
            if body := somebody.says.get(operation["operationId"]):
                operation["requestBody"]["content"]["application/json"]["example"] = body
    parameters = {f"path.{name}": value for name, value in somebody.knows.items()}
    settings = CONFIGURATION | {"headers": somebody.headers, "parameters": parameters}
    described = schemathesis.openapi.from_dict(description, config=SchemathesisConfig.from_dict(settings))
    described.app = shop
    described.location = "/api/openapi.json"
    return described.exclude(operation_id="eraseMe")  # an erased account could try nothing more


def _operations() -> Mapping[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = Api().get("/api/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def _is_for(description: Mapping[str, Any]) -> str:
    """Return which visitor an operation is meant for, by what it says of tokens."""
    security: list[dict[str, Any]] = description.get("security") or [{}]
    if {} in security:
        return "guest"
    return "staff" if {"staffSession": []} in security else "customer"


_application = WSGIHandler()


def _shop(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The single web app; each answer is read and closed at once, as by a server, so that connections are given back."""
    answer = _application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


def _broken(defect: dict[str, Any]) -> Application:
    """Return the shop with a defect in each answer that is a success."""

    def shop(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(_shop(environ, lambda status, headers, *_: started.append((status, headers))))
        ((status, headers),) = started
        if status.startswith("200"):
            body = defect.get("body", body)
            status = defect.get("status", status)
            told = {**dict(headers), "Content-Length": str(len(body))}
            told["Content-Type"] = defect.get("type", told["Content-Type"])
            headers = list(told.items())
        start_response(status, headers)
        return [body]

    return shop
