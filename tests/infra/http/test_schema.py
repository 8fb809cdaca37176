"""The description of the API, against the document's own rules and against the API."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api import Api, make_token


def described(api: Api) -> dict[str, Any]:
    answer = api.get("/api/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return dict(answer.json())


def test_the_document_is_valid_openapi_3_1(api: Api) -> None:
    document = described(api)

    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_is_not_sent_again_to_who_has_it(api: Api) -> None:
    etag = api.get("/api/openapi.json")["ETag"]

    assert api.get("/api/openapi.json", headers={"If-None-Match": etag}).status_code == 304


def test_every_operation_tells_what_it_may_refuse(api: Api) -> None:
    paths = described(api)["paths"]

    order = paths["/api/v1/orders"]["post"]
    assert set(order["responses"]) == {
        *("201", "400", "401", "402", "403", "404", "406", "409", "413", "415", "422", "500", "503", "504")
    }
    assert order["responses"]["402"]["description"] == "The card was declined."
    assert order["tags"] == ["orders"]
    assert {"401", "404"} <= set(paths["/api/v1/users/anybody/{id_}"]["get"]["responses"])
    assert "401" not in paths["/api/v1/users/sign-in"]["post"]["responses"]
    assert "412" in paths["/api/v1/catalog/document"]["patch"]["responses"]
    for path in paths.values():
        for operation in path.values():
            for code, answer in operation["responses"].items():
                if code >= "400":
                    assert answer["description"]
                    assert set(answer["content"]) == {"application/problem+json"}


def test_who_may_call_is_told(api: Api) -> None:
    document = described(api)
    paths = document["paths"]

    assert paths["/api/v1/users/me"]["get"]["security"] == [{"bearerAuth": []}]
    assert paths["/api/v1/users/anybody"]["get"]["security"] == [{}, {"bearerAuth": []}]
    assert paths["/api/v1/payments/desk"]["get"]["security"] == [{"bearerAuth": []}, {"staffSession": []}]
    assert "security" not in paths["/api/v1/users/sign-in"]["post"]
    assert document["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"


def test_parameters_and_headers_are_told(api: Api) -> None:
    paths = described(api)["paths"]

    rows = {parameter["name"]: parameter for parameter in paths["/api/v1/orders/rows"]["get"]["parameters"]}
    assert set(rows) == {"after", "flag", "limit", "owner", "status"}
    assert rows["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert [p["name"] for p in paths["/api/v1/orders"]["post"]["parameters"]] == ["Idempotency-Key"]
    assert [p["name"] for p in paths["/api/v1/catalog/document"]["patch"]["parameters"]] == ["If-Match"]


def test_bodies_are_closed_and_answers_open(api: Api) -> None:
    schemas = described(api)["components"]["schemas"]

    assert schemas["OrderBodyRequest"]["additionalProperties"] is False
    assert schemas["PostalAddressRequest"]["additionalProperties"] is False
    assert {"shippingAddress", "idempotencyKey", "largestTotal"} <= set(schemas["OrderBodyRequest"]["properties"])
    assert "additionalProperties" not in schemas["OrderShape"]
    assert set(schemas["RowShapePage"]["properties"]) == {"data", "next"}


def test_the_page_that_tries_calls_is_made_of_local_files(api: Api) -> None:
    page = api.get("/api/docs", headers={"Accept": "text/html"})

    assert page.status_code == 200
    text = page.content.decode()
    assert 'data-document="/api/openapi.json"' in text
    assert "://" not in text
    for part in text.split('"'):
        if part.startswith("/static/"):
            assert finders.find(part.removeprefix("/static/")), part


@pytest.mark.usefixtures("database")
def test_whatever_is_sent_the_answer_is_a_described_one() -> None:
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", WSGIHandler())
    headers = {"Authorization": f"Bearer {make_token(staff=True)}"}
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

    for found in document.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        for mode in GenerationMode:

            @hypothesis_settings(
                max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                if "outcome" not in str(case.body):  # a body may ask these views for a failure
                    case.call_and_validate(headers=headers, checks=checks)

            with suppress(Unsatisfiable):  # nothing can be wrong in a request that carries nothing
                send()
