from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from infra.boundaries.runtime.budget import CallBudgetExceeded, max_contract_calls
from infra.boundaries.runtime.policy import collected
from infra.contracts import journeys, resolve
from infra.observability.middleware import CALLS_HEADER, RequestObservation
from tests.infra.contracts.echo import Echo, EchoContract

pytestmark = pytest.mark.usefixtures("database", "echo")


@pytest.fixture(autouse=True)
def budget(settings: Settings) -> None:
    settings.CONTRACT_CALL_BUDGET = 3


@pytest.fixture
def journey() -> Iterator[None]:
    token = journeys.begin("task", "tests.something")
    yield
    journeys.end(token)


def ask(times: int) -> None:
    contract = resolve(EchoContract)
    for _ in range(times):
        contract.travelled()


@pytest.mark.usefixtures("journey")
def test_the_question_beyond_the_budget_is_refused_and_says_what_was_asked(echo: Echo) -> None:
    ask(3)
    with pytest.raises(CallBudgetExceeded, match=r"tests asks echo\.v1 travelled 4 times") as caught:
        ask(1)

    assert "tests/boundaries/runtime/test_budget.py:" in str(caught.value)
    assert len(echo.calls) == 3


@pytest.mark.usefixtures("journey")
def test_a_budget_that_is_kept_is_not_mentioned() -> None:
    with collected() as found:
        ask(3)

    assert found == []


def test_each_piece_of_work_has_a_budget_of_its_own() -> None:
    with collected() as found:
        for _ in range(3):
            token = journeys.begin("event", "tests.something")
            ask(2)
            journeys.end(token)

    assert found == []


@pytest.mark.usefixtures("journey")
def test_a_task_that_works_through_a_list_has_a_budget_for_each_entry() -> None:
    with collected() as found:
        for _ in range(3):
            with journeys.one_of_many("tests.something_with_one"):
                ask(2)

    assert found == []


@pytest.mark.usefixtures("journey")
def test_a_budget_of_none_is_no_budget(settings: Settings) -> None:
    settings.CONTRACT_CALL_BUDGET = 0

    ask(10)


def test_in_production_a_request_beyond_its_budget_is_answered_counted_once_and_marked(settings: Settings) -> None:
    settings.GUARD_POLICY = "log"

    def view(request: HttpRequest) -> HttpResponse:
        ask(int(request.GET["times"]))
        return HttpResponse()

    observed = RequestObservation(view)
    with collected() as found:
        modest = observed(RequestFactory().get("/", {"times": 3}))
        greedy = observed(RequestFactory().get("/", {"times": 9}))

    assert CALLS_HEADER not in modest.headers
    assert greedy.headers[CALLS_HEADER] == "9"
    assert [finding.rule.id for finding in found] == ["BND406"]


def test_a_test_can_say_how_many_calls_are_enough() -> None:
    with max_contract_calls(2) as asked:
        ask(2)

    assert asked == {("tests", "echo.v1", "travelled"): 2}
    with (
        pytest.raises(
            AssertionError, match=r"3 contract calls instead of at most 2: tests asks echo\.v1 travelled 3 times"
        ),
        max_contract_calls(2),
    ):
        ask(3)
