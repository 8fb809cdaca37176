"""What contracts and events refuse by themselves is recorded under the rules that say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy
from pytest_django import Settings

from infra.boundaries.runtime.policy import collected
from infra.contracts import context, resolve
from infra.contracts.calls import MAX_HOPS
from infra.contracts.errors import NoPlainValue, TooManyCallsDeep
from infra.events.outbox import publish
from infra.events.testing import deliver_all, subscribed
from tests.infra.contracts.echo import OAK, Echo, EchoContract
from tests.infra.events.announcing import announce_numbers
from tests.infra.events.facts import Followed, Happened

pytestmark = pytest.mark.usefixtures("database")

FOREIGN: Mapping[str, Callable[[], Any]] = {
    "a model": lambda: User(username="ada"),
    "a queryset": lambda: User.objects.all(),
    "a lazy text": lambda: gettext_lazy("name"),
    "a file": lambda: ContentFile(b"x", name="x.txt"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_value_does_not_cross_and_is_recorded(echo: Echo, what: str) -> None:
    contract: Any = resolve(EchoContract)

    with collected() as found, pytest.raises(NoPlainValue, match="do not cross"):
        contract.names(names=[FOREIGN[what]()])
    echo.instead = FOREIGN[what]()
    with collected() as answered, pytest.raises(NoPlainValue, match=r"answer of echo\.v1 tree"):
        contract.tree(tree=OAK)

    for findings in (found, answered):
        assert [finding.rule.id for finding in findings] == ["BND403"]
        assert findings[0].path == "tests/boundaries/runtime/test_refusals.py"


def test_what_comes_back_is_a_copy_that_may_be_changed_without_harm(echo: Echo) -> None:
    with collected() as found:
        answer: Any = resolve(EchoContract).names(names=["ada"])
        answer["ada"] = "changed"

    assert echo.kept == {"ada": "ada!"}
    assert found == []


def test_calls_without_an_end_are_recorded_once(echo: Echo) -> None:
    contract = resolve(EchoContract)

    with collected() as found, context.carrying(hops=MAX_HOPS), pytest.raises(TooManyCallsDeep):
        contract.travelled()
    with collected() as within, context.carrying(hops=MAX_HOPS - 1):
        contract.travelled()

    assert [finding.rule.id for finding in found] == ["BND407"]
    assert within == []


def test_events_without_an_end_are_recorded_with_their_chain(settings: Settings) -> None:
    settings.EVENTS_HOP_LIMIT = 4

    with (
        collected() as found,
        subscribed(Happened, lambda e: publish(Followed(key=e.key, number=e.number + 1)), consumer="orders"),
        subscribed(Followed, lambda e: publish(Happened(key=e.key, number=e.number + 1)), consumer="catalog"),
    ):
        announce_numbers("a", 1)
        deliver_all(raise_failures=False)

    assert {finding.rule.id for finding in found} == {"BND407"}
    assert "catalog.test_happened.v1" in found[0].detail


def test_a_short_chain_of_events_is_no_circle() -> None:
    with collected() as found, subscribed(Happened, lambda event: None, consumer="orders"):
        announce_numbers("a", 1)
        deliver_all()

    assert found == []
