"""The public API against a released description: what breaks clients is planted, and beside it what does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.compatibility.api import SUBJECT, api_changes, check_api
from infra.compatibility.releases import Shelf

Document = dict[str, Any]
TODAY = date(2027, 1, 15)
RELEASED: Document = {
    "openapi": "3.1.0",
    "info": {"title": "API", "version": "1"},
    "paths": {
        "/lamps": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "colour", "schema": {"type": "string", "enum": ["RED", "GREEN"]}},
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LampList"}}},
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                    },
                    "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
                "security": [{}, {"bearer": []}],
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewLamp"}}},
                },
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lamp"}}}}
                },
                "security": [{"bearer": []}],
            },
        },
        "/lamps/{id}": {
            "delete": {
                "deprecated": True,
                "x-sunset": "2027-01-01",
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "responses": {"204": {}},
            },
            "put": {
                "deprecated": True,
                "x-sunset": "2027-06-01",
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "responses": {"204": {}},
            },
        },
    },
    "components": {
        "schemas": {
            "Lamp": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "state": {"enum": ["ON", "OFF"], "type": "string"},
                    "price": {"type": "integer"},
                    "note": {"type": ["string", "null"]},
                },
                "required": ["id", "state", "price"],
            },
            "LampList": {
                "type": "object",
                "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Lamp"}}},
                "required": ["data"],
            },
            "NewLamp": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 40},
                    "colour": {"enum": ["RED", "GREEN"], "type": "string"},
                    "watts": {"type": "integer"},
                },
                "required": ["name"],
                "additionalProperties": False,
            },
        }
    },
}
Edit = Callable[[Document], Any]


def edited(edit: Edit) -> Document:
    document = copy.deepcopy(RELEASED)
    edit(document)
    return document


def found(edit: Edit) -> list[tuple[str, str, str]]:
    changes = api_changes(RELEASED, edited(edit), today=TODAY)
    return [(change.rule.id, change.subject, change.place) for change in changes]


def lamp(document: Document) -> Document:
    schema: Document = document["components"]["schemas"]["Lamp"]
    return schema


def new_lamp(document: Document) -> Document:
    schema: Document = document["components"]["schemas"]["NewLamp"]
    return schema


def lamps(document: Document, method: str = "get") -> Document:
    operation: Document = document["paths"]["/lamps"][method]
    return operation


def more(schema: Document, name: str, value: Any, *, required: bool = False) -> None:
    schema["properties"][name] = value
    if required:
        schema["required"].append(name)


PLANTED: dict[str, tuple[Edit, tuple[str, str, str]]] = {
    "a path removed": (lambda d: d["paths"].pop("/lamps"), ("BND608", "GET /lamps", "")),
    "a method removed": (lambda d: d["paths"]["/lamps"].pop("post"), ("BND608", "POST /lamps", "")),
    "a method removed before its sunset": (
        lambda d: d["paths"]["/lamps/{id}"].pop("put"),
        ("BND608", "PUT /lamps/{id}", ""),
    ),
    "a parameter removed": (
        lambda d: lamps(d)["parameters"].pop(0),
        ("BND607", "GET /lamps", "query parameter `colour`"),
    ),
    "a parameter that becomes required": (
        lambda d: lamps(d)["parameters"][1].update(required=True),
        ("BND607", "GET /lamps", "query parameter `limit`"),
    ),
    "a new parameter that is required": (
        lambda d: lamps(d)["parameters"].append(
            {"in": "query", "name": "unit", "required": True, "schema": {"type": "string"}}
        ),
        ("BND607", "GET /lamps", "query parameter `unit`"),
    ),
    "another type of a parameter": (
        lambda d: lamps(d)["parameters"][1].update(schema={"type": "boolean"}),
        ("BND607", "GET /lamps", "query parameter `limit`"),
    ),
    "a lower limit": (
        lambda d: lamps(d)["parameters"][1]["schema"].update(maximum=50),
        ("BND607", "GET /lamps", "query parameter `limit`"),
    ),
    "fewer choices of a parameter": (
        lambda d: lamps(d)["parameters"][0]["schema"].update(enum=["RED"]),
        ("BND607", "GET /lamps", "query parameter `colour`"),
    ),
    "a new field of a request that is required": (
        lambda d: more(new_lamp(d), "size", {"type": "integer"}, required=True),
        ("BND607", "POST /lamps", "body size"),
    ),
    "a field of a request that becomes required": (
        lambda d: new_lamp(d)["required"].append("watts"),
        ("BND607", "POST /lamps", "body watts"),
    ),
    "a field of a request removed": (
        lambda d: new_lamp(d)["properties"].pop("watts"),
        ("BND607", "POST /lamps", "body watts"),
    ),
    "fewer choices in a request": (
        lambda d: new_lamp(d)["properties"]["colour"].update(enum=["RED"]),
        ("BND607", "POST /lamps", "body colour"),
    ),
    "a shorter text in a request": (
        lambda d: new_lamp(d)["properties"]["name"].update(maxLength=20),
        ("BND607", "POST /lamps", "body name"),
    ),
    "a body that becomes required": (
        lambda d: lamps(d, "post")["requestBody"].update(required=True),
        ("BND607", "POST /lamps", "body"),
    ),
    "a field of an answer removed": (
        lambda d: (lamp(d)["properties"].pop("price"), lamp(d)["required"].remove("price")),
        ("BND607", "GET /lamps", "200 data[].price"),
    ),
    "an optional field of an answer removed": (
        lambda d: lamp(d)["properties"].pop("note"),
        ("BND607", "POST /lamps", "201 note"),
    ),
    "a field of an answer that may be missing": (
        lambda d: lamp(d)["required"].remove("price"),
        ("BND607", "POST /lamps", "201 price"),
    ),
    "a field of an answer that may be null": (
        lambda d: more(lamp(d), "price", {"type": ["integer", "null"]}),
        ("BND607", "POST /lamps", "201 price"),
    ),
    "another type in an answer": (
        lambda d: more(lamp(d), "price", {"type": "string"}),
        ("BND607", "POST /lamps", "201 price"),
    ),
    "another format in an answer": (
        lambda d: more(lamp(d), "id", {"type": "string"}),
        ("BND607", "POST /lamps", "201 id"),
    ),
    "more values in an answer": (
        lambda d: lamp(d)["properties"]["state"].update(enum=["ON", "OFF", "BROKEN"]),
        ("BND607", "POST /lamps", "201 state"),
    ),
    "another status": (
        lambda d: lamps(d, "post").update(responses={"200": lamps(d, "post")["responses"]["201"]}),
        ("BND607", "POST /lamps", "201"),
    ),
    "another media type": (
        lambda d: lamps(d)["responses"]["200"].update(content={"text/csv": {}}),
        ("BND607", "GET /lamps", "200"),
    ),
    "a header removed": (lambda d: lamps(d)["responses"]["200"].pop("headers"), ("BND607", "GET /lamps", "200 ETag")),
    "signing in where nobody had to": (
        lambda d: lamps(d).update(security=[{"bearer": []}]),
        ("BND607", "GET /lamps", "security nobody signed in"),
    ),
}


@pytest.mark.parametrize(("edit", "expected"), PLANTED.values(), ids=PLANTED)
def test_what_breaks_clients_is_caught(edit: Edit, expected: tuple[str, str, str]) -> None:
    matching = [place for place in found(edit) if place[:2] == expected[:2] and place[2].startswith(expected[2])]

    assert matching


INNOCENT: dict[str, Edit] = {
    "nothing": lambda d: None,
    "a new path": lambda d: d["paths"].update({"/shades": {"get": {"responses": {"200": {}}}}}),
    "a new method": lambda d: d["paths"]["/lamps"].update(patch={"responses": {"200": {}}}),
    "a method removed after its sunset": lambda d: d["paths"]["/lamps/{id}"].pop("delete"),
    "a method that is marked as going": lambda d: lamps(d).update({"deprecated": True, "x-sunset": "2028-01-01"}),
    "a new optional parameter": lambda d: lamps(d)["parameters"].append(
        {"in": "query", "name": "unit", "schema": {"type": "string"}}
    ),
    "a higher limit": lambda d: lamps(d)["parameters"][1]["schema"].update(maximum=200),
    "more choices of a parameter": lambda d: lamps(d)["parameters"][0]["schema"]["enum"].append("BLUE"),
    "a new optional field of a request": lambda d: more(new_lamp(d), "size", {"type": "integer"}),
    "a field of a request that becomes optional": lambda d: new_lamp(d).update(required=[]),
    "more choices in a request": lambda d: new_lamp(d)["properties"]["colour"]["enum"].append("BLUE"),
    "a longer text in a request": lambda d: new_lamp(d)["properties"]["name"].update(maxLength=80),
    "a new field of an answer": lambda d: more(lamp(d), "size", {"type": "integer"}, required=True),
    "a field of an answer that is always there": lambda d: lamp(d)["required"].append("note"),
    "fewer values in an answer": lambda d: lamp(d)["properties"]["state"].update(enum=["ON"]),
    "a refusal more": lambda d: lamps(d)["responses"].update({"409": {}}),
    "a refusal less": lambda d: lamps(d)["responses"].pop("404"),
    "nobody needs to sign in any more": lambda d: lamps(d, "post").update(security=[{}, {"bearer": []}]),
    "another name of a placeholder": lambda d: d["paths"].update(
        {
            "/lamps/{lamp}": {
                method: {**operation, "parameters": [{**operation["parameters"][0], "name": "lamp"}]}
                for method, operation in d["paths"].pop("/lamps/{id}").items()
            }
        }
    ),
    "another name of a component": lambda d: (
        d["components"]["schemas"].update(Light=d["components"]["schemas"].pop("Lamp")),
        d["components"]["schemas"]["LampList"]["properties"]["data"].update(
            items={"$ref": "#/components/schemas/Light"}
        ),
        lamps(d, "post")["responses"]["201"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Light"}
        ),
    ),
    "the same said with allOf": lambda d: more(
        d["components"]["schemas"]["LampList"],
        "data",
        {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Lamp"}], "description": "A lamp."}},
    ),
    "other words": lambda d: lamps(d).update(description="All lamps."),
}


@pytest.mark.parametrize("edit", INNOCENT.values(), ids=INNOCENT)
def test_its_innocent_twin_is_not_reported(edit: Edit) -> None:
    assert found(edit) == []


def test_the_sentence_says_what_was_what_is_and_what_to_do(tmp_path: Path) -> None:
    Shelf(tmp_path).record(SUBJECT, "2026-11-21", RELEASED, [])
    present = edited(lambda d: lamp(d)["properties"]["state"].update(enum=["ON", "OFF", "BROKEN"]))
    Shelf(tmp_path).write({SUBJECT: present})

    findings = check_api(tmp_path, present, today=TODAY)

    assert len(findings) == 2
    assert findings[0].detail.startswith(
        "GET /lamps, 200: `data[].state` has new members (BROKEN) that readers built before do not know."
        " That breaks clients of release 2026-11-21: keep it, and add what is new beside it,"
    )


def test_a_description_that_lags_behind_is_caught_with_the_command_that_mends_it(tmp_path: Path) -> None:
    Shelf(tmp_path).write({SUBJECT: RELEASED})

    (finding,) = check_api(tmp_path, edited(INNOCENT["a new path"]), today=TODAY)

    assert finding.rule.id == "BND600"
    assert "python manage.py contracts write" in finding.rule.recipe


def test_a_released_operation_that_was_never_announced_cannot_go_by_marking_it_today() -> None:
    """The mark must have been released: nobody reads a description that was never published."""
    released = edited(lambda d: d["paths"]["/lamps/{id}"]["delete"].pop("deprecated"))

    (change,) = api_changes(released, edited(lambda d: d["paths"]["/lamps/{id}"].pop("delete")), today=TODAY)

    assert (change.rule.id, change.subject) == ("BND608", "DELETE /lamps/{id}")
