"""What goes says so on every answer, and in the description."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings
from rest_framework.request import Request

from infra.errors import NotFound
from infra.http.deprecation import deprecated
from infra.http.responses import Json
from infra.http.views import ApiView
from tests.api import Api

SINCE, SUNSET = date(2026, 12, 1), date(2027, 6, 1)


class NoSuchLamp(NotFound):
    """There is no such lamp."""

    code = "lamps.no_such_lamp"


class Lamps(ApiView):
    query_parameters = frozenset({"id"})

    @deprecated(since=SINCE, sunset=SUNSET, successor="/api/v2/lamps")
    def get(self, request: Request) -> Json:
        """The lamps."""
        if request.query_params.get("id") == "none":
            raise NoSuchLamp
        return Json({"data": []}, headers={"Link": '</api/v1/lamps?after=x>; rel="next"'})

    def post(self, request: Request) -> Json:
        """One more."""
        return Json({}, status=201)


urlpatterns = [path("api/v1/lamps", Lamps.as_view())]


@pytest.fixture(autouse=True)
def _lamps(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


def test_an_answer_says_since_when_and_until_when(api: Api) -> None:
    answer = api.get("/api/v1/lamps")

    assert answer.status_code == 200
    # RFC 9745: a date of structured fields, which is @ and seconds; RFC 8594: a date as HTTP writes it.
    assert answer["Deprecation"] == f"@{int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())}"
    assert parsedate_to_datetime(answer["Sunset"]) == datetime(2027, 6, 1, tzinfo=UTC)


def test_it_names_what_takes_its_place_beside_other_links(api: Api) -> None:
    links = api.get("/api/v1/lamps")["Link"]

    assert links == '</api/v1/lamps?after=x>; rel="next", </api/v2/lamps>; rel="successor-version"'


def test_a_refusal_says_it_too(api: Api) -> None:
    answer = api.get("/api/v1/lamps?id=none")

    assert (answer.status_code, answer.json()["code"]) == (404, "lamps.no_such_lamp")
    assert "Sunset" in answer


def test_other_methods_of_the_same_path_say_nothing(api: Api) -> None:
    answer = api.post("/api/v1/lamps", {})

    assert answer.status_code == 201
    assert "Deprecation" not in answer
    assert "Sunset" not in answer


def test_the_description_says_it() -> None:
    generator: Any = SchemaGenerator
    lamps = generator(urlconf=__name__).get_schema(request=None, public=True)["paths"]["/api/v1/lamps"]

    assert (lamps["get"]["deprecated"], lamps["get"]["x-sunset"]) == (True, "2027-06-01")
    assert lamps["get"]["x-deprecated-since"] == "2026-12-01"
    assert "deprecated" not in lamps["post"]
    assert "x-sunset" not in lamps["post"]


def test_nothing_goes_before_anybody_was_asked_to_move() -> None:
    with pytest.raises(ValueError, match="must come after"):
        deprecated(since=SUNSET, sunset=SINCE)
