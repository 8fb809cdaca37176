"""What a call means, the same on every route."""

import logging
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from prometheus_client import REGISTRY
from pytest_django import Settings

from infra.contracts import ContractTimeout, ContractUnavailable, ContractViolation
from infra.contracts.context import carrying, current
from infra.errors import DomainError
from infra.money import Money
from tests.contract_routes import EachRoute
from tests.infra.contracts.echo import OAK, Echo, EchoContract, NoSuchTree, TreeFelled


def test_every_type_that_may_cross_comes_back_as_it_was(each_route: EachRoute, echo: Echo) -> None:
    assert each_route(EchoContract).tree(tree=OAK) == OAK


def test_what_comes_back_is_a_copy(each_route: EachRoute, echo: Echo) -> None:
    answer: Any = each_route(EchoContract).names(names=["oak"])

    answer["oak"] = "mutated"
    answer["ash"] = "added"

    assert echo.kept == {"oak": "oak!"}


def test_what_was_passed_cannot_be_changed_from_the_other_side(each_route: EachRoute, echo: Echo) -> None:
    names = ["oak"]
    each_route(EchoContract).names(names=names)

    echo.kept["ash"] = "added"

    assert names == ["oak"]


def test_a_default_is_filled_in_and_a_given_value_replaces_it(each_route: EachRoute, echo: Echo) -> None:
    asked = each_route(EchoContract)

    assert asked.names(names=["oak"]) == {"oak": "oak!"}
    assert asked.names(names=["oak"], suffix="?") == {"oak": "oak?"}


def test_views_and_text_of_everyday_python_are_taken(each_route: EachRoute, echo: Echo) -> None:
    asked = each_route(EchoContract)

    assert asked.names(names={"oak": 1}.keys()) == {"oak": "oak!"}
    assert asked.names(names=(SafeString("oak"),)) == {"oak": "oak!"}
    assert asked.names(names={"oak"}) == {"oak": "oak!"}


def test_a_declared_error_arrives_as_itself_with_its_facts(each_route: EachRoute, echo: Echo) -> None:
    with pytest.raises(TreeFelled) as caught:
        each_route(EchoContract).refuse(how="declared")

    assert type(caught.value) is TreeFelled
    assert caught.value.detail == "The oak is gone."
    assert caught.value.members == {"rings": 80, "ids": [str(UUID(int=1))]}


def test_a_declared_error_without_detail_says_its_title(each_route: EachRoute, echo: Echo) -> None:
    with pytest.raises(NoSuchTree, match="There is no such tree"):
        each_route(EchoContract).refuse(how="plain")


def test_a_special_case_of_a_declared_error_arrives_as_the_declared_one(each_route: EachRoute, echo: Echo) -> None:
    with pytest.raises(TreeFelled) as caught:
        each_route(EchoContract).refuse(how="special")

    assert type(caught.value) is TreeFelled


@pytest.mark.parametrize("how", ["undeclared", "unexpected"])
def test_an_undeclared_error_is_logged_and_not_told(
    each_route: EachRoute, echo: Echo, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(ContractViolation) as caught:
        each_route(EchoContract).refuse(how=how)

    assert not isinstance(caught.value, DomainError)
    assert "secret detail" not in str(caught.value)
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(lambda: User(username="a model"), id="model"),
        pytest.param(lambda: User.objects.none, id="method"),
        pytest.param(lambda: gettext_lazy("lazy"), id="lazy text"),
        pytest.param(lambda: (n for n in "ab"), id="generator"),
        pytest.param(lambda: 12.5, id="float"),
        pytest.param(lambda: "\ud800", id="half a character"),
    ],
)
def test_what_a_network_cannot_carry_is_not_sent(each_route: EachRoute, echo: Echo, foreign: Any) -> None:
    with pytest.raises(ContractViolation, match=r"arguments of echo\.v1 names"):
        each_route(EchoContract).names(names=[foreign()])

    assert echo.calls == []


def test_a_queryset_is_not_sent(each_route: EachRoute, echo: Echo) -> None:
    with pytest.raises(ContractViolation, match="QuerySet"):
        each_route(EchoContract).names(names=User.objects.values_list("username", flat=True))


def test_a_value_of_the_wrong_type_is_not_taken(each_route: EachRoute, echo: Echo) -> None:
    asked: Any = each_route(EchoContract)
    in_floats = Money(1999, "EUR")
    object.__setattr__(in_floats, "amount", 19.99)

    with pytest.raises(ContractViolation, match="rings"):
        asked.tree(tree=replace(OAK, rings=1.0))  # type: ignore[arg-type]
    with pytest.raises(ContractViolation, match="amount"):
        asked.tree(tree=replace(OAK, price=in_floats))
    with pytest.raises(ContractViolation, match="array"):
        asked.names(names="one text is no collection of names")
    assert echo.calls == []


def test_an_instant_without_a_time_zone_is_not_taken(each_route: EachRoute, echo: Echo) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the planted defect

    with pytest.raises(ContractViolation, match="time zone"):
        each_route(EchoContract).tree(tree=replace(OAK, felled_at=naive))
    with pytest.raises(ContractViolation, match="time zone"):
        each_route(EchoContract).tree(tree=replace(OAK, leaves=(replace(OAK.leaves[0], grown_at=naive),)))
    assert echo.calls == []


@pytest.mark.parametrize("instead", [12, {"id": "x"}, object()])
def test_an_answer_outside_the_contract_is_not_believed(each_route: EachRoute, echo: Echo, instead: object) -> None:
    echo.instead = instead

    with pytest.raises(ContractViolation, match=r"answer of echo\.v1 tree"):
        each_route(EchoContract).tree(tree=OAK)


def test_a_parameter_that_does_not_exist_is_refused_like_by_any_function(each_route: EachRoute, echo: Echo) -> None:
    asked: Any = each_route(EchoContract)

    with pytest.raises(TypeError, match="unknown"):
        asked.names(names=[], unknown=1)
    with pytest.raises(TypeError, match="litres"):
        asked.water()
    with pytest.raises(TypeError):
        asked.water(3)


def test_the_context_travels_with_the_call(each_route: EachRoute, echo: Echo) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    with carrying(correlation_id="c-1", causation_id="e-1", traceparent=trace, hops=3):
        seen = each_route(EchoContract).travelled()

    assert (seen.correlation_id, seen.causation_id, seen.hops) == ("c-1", "e-1", 4)
    assert seen.traceparent is not None
    assert seen.traceparent.split("-")[1] == trace.split("-")[1], (
        "the same trace; a server opens a span of its own in it"
    )
    assert Decimal("4.0") < seen.seconds_left <= Decimal("5.0")
    assert current().correlation_id is None


def test_a_nested_call_gets_no_more_time_than_its_parent(each_route: EachRoute, echo: Echo) -> None:
    def ask_again(name: str) -> None:
        if echo.calls == ["travelled"]:
            nested.append(each_route(EchoContract).travelled().seconds_left)

    nested: list[Decimal] = []
    echo.before = ask_again

    with carrying(deadline=_in_seconds(2)):
        outer = each_route(EchoContract).travelled()

    assert outer.hops == 1
    assert len(nested) == 1
    assert nested[0] <= Decimal("2.0")


def test_a_call_whose_time_is_over_is_not_made(each_route: EachRoute, echo: Echo) -> None:
    with carrying(deadline=_in_seconds(-0.1)), pytest.raises(ContractTimeout, match="time"):
        each_route(EchoContract).travelled()

    assert echo.calls == []


def test_modules_that_ask_in_a_circle_are_stopped(each_route: EachRoute, echo: Echo) -> None:
    echo.before = lambda name: (each_route(EchoContract).travelled(), None)[1]

    with pytest.raises(ContractViolation):
        each_route(EchoContract).travelled()

    assert len(echo.calls) == 16


def test_a_question_fails_as_unavailable_when_what_it_asks_itself_is(each_route: EachRoute, echo: Echo) -> None:
    def fail(name: str) -> None:
        raise ContractUnavailable("the next one is down")

    echo.before = fail

    with pytest.raises(ContractUnavailable):
        each_route(EchoContract).travelled()
    with pytest.raises(ContractTimeout, match="unknown"):  # perhaps half of it was done
        each_route(EchoContract).water(litres=1)


def _in_seconds(seconds: float) -> float:
    import time

    return time.monotonic() + seconds


def test_calls_are_counted_by_outcome(each_route: EachRoute, echo: Echo, settings: Settings) -> None:
    route = str(settings.CONTRACT_ROUTE)
    asked = each_route(EchoContract)
    before = [_counted("refuse", route, outcome) for outcome in ("declared", "contract_violation")]
    answered = _counted("water", route, "result")

    asked.water(litres=1)
    with pytest.raises(TreeFelled):
        asked.refuse(how="declared")
    with pytest.raises(ContractViolation):
        asked.refuse(how="undeclared")

    assert _counted("water", route, "result") == answered + 1
    assert [_counted("refuse", route, outcome) for outcome in ("declared", "contract_violation")] == [
        n + 1 for n in before
    ]


def _counted(method: str, route: str, outcome: str) -> float:
    labels = {"contract": "echo.v1", "method": method, "route": route, "outcome": outcome}
    return REGISTRY.get_sample_value("banyan_contract_calls_total", labels) or 0
