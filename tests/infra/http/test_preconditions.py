"""Two editors of one thing: the second is told, not overwritten."""

from __future__ import annotations

import pytest

from infra.http.preconditions import etag_of
from tests.api import Api
from tests.infra.http.shop import Document
from tests.infra.http.test_requests import problem

DOCUMENT = "/api/v1/catalog/document"


@pytest.fixture(autouse=True)
def _first_text() -> None:
    Document.text["text"] = "first"


def test_an_etag_changes_exactly_when_the_value_does() -> None:
    assert etag_of({"a": 1, "b": [2]}) == etag_of({"b": [2], "a": 1})
    assert etag_of({"a": 1}) != etag_of({"a": 2})
    assert etag_of(1) != etag_of("1")
    assert etag_of(3).startswith('"')


def test_what_is_known_already_is_not_sent_again(api: Api) -> None:
    etag = api.get(DOCUMENT)["ETag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = api.get(DOCUMENT, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
        assert "Content-Type" not in answer
    assert api.get(DOCUMENT, headers={"If-None-Match": '"other"'}).status_code == 200


def test_of_two_editors_who_saw_the_same_one_is_refused(api: Api) -> None:
    seen = api.get(DOCUMENT)["ETag"]

    first = api.patch(DOCUMENT, {"key": "a"}, headers={"If-Match": seen})
    second = api.patch(DOCUMENT, {"key": "a"}, headers={"If-Match": seen})

    assert first.json() == {"text": "first!"}
    body = problem(second, 412, "precondition_failed")
    assert second["ETag"] == body["currentEtag"] == first["ETag"]
    assert api.get(DOCUMENT).json() == {"text": "first!"}


@pytest.mark.parametrize("header", ['W/"x"', '"x"', "x", "", '"', "W/*", "\x7f"])
def test_nothing_else_matches(api: Api, header: str) -> None:
    problem(api.patch(DOCUMENT, {"key": "a"}, headers={"If-Match": header}), 412, "precondition_failed")


def test_who_names_no_version_or_any_may_write(api: Api) -> None:
    assert api.patch(DOCUMENT, {"key": "a"}).status_code == 200
    assert api.patch(DOCUMENT, {"key": "a"}, headers={"If-Match": "*"}).status_code == 200
