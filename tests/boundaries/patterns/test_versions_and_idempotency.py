"""BND510 to BND513: addresses without a version; commands, requests and tasks that could happen twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from django.conf import settings
from pytest_django import Settings

from infra.boundaries.generation.house import House
from infra.boundaries.patterns import Evidence, Sources
from infra.contracts import command, contract, query
from infra.contracts.declaration import forget
from tests.boundaries.patterns.planting import evidence, module, too_much, written

HERE = House(root=Path(__file__).parents[1], modules="patterns", above=(), below=())
PLANTED = module("planted", asks=("bank.v1",), url_prefixes=("/api/v1/planted/", "/.well-known/planted.json"))
BANK = module("bank", offers=("bank.v1",))


@pytest.fixture
def planted(settings: Settings) -> Iterator[Evidence]:
    """The planted module's addresses, and a contract that it may ask."""

    @contract("bank.v1")
    class BankContract(Protocol):
        @command(timeout_seconds=1.0, errors=(), key="payment_key")
        def take(self, *, payment_key: str) -> None: ...

        @command(timeout_seconds=1.0, errors=())
        def burn(self, *, amount: int) -> None: ...

        @query(timeout_seconds=1.0, errors=())
        def balance(self) -> int: ...

    settings.ROOT_URLCONF = "tests.boundaries.patterns.planted.urls"
    yield evidence(PLANTED, BANK, sources=Sources(HERE), has_application=True)
    forget(BankContract)


def test_an_address_without_a_version_is_found_and_those_that_have_or_need_none_are_not(planted: Evidence) -> None:
    (measured,) = too_much(planted, "BND510")

    assert (measured.module, measured.target) == ("planted", "/planted/bare")


def test_a_command_without_a_key_is_found_and_one_with_a_key_is_not(planted: Evidence) -> None:
    (measured,) = too_much(planted, "BND511")

    assert (measured.module, measured.source, measured.target) == ("bank", "bank.v1", "burn")


def test_requests_that_commit_others_or_move_money_need_a_key(planted: Evidence) -> None:
    found = {each.target: each for each in too_much(planted, "BND512")}

    assert set(found) == {"POST /api/v1/planted/purchases", "POST /api/v1/planted/refunds"}
    purchase = found["POST /api/v1/planted/purchases"]
    assert "leads to the command bank.v1 take" in purchase.detail
    assert purchase.path == "patterns/planted/http/views.py"
    assert purchase.line > 0
    assert "an amount of money" in found["POST /api/v1/planted/refunds"].detail


@pytest.mark.parametrize(
    "text",
    [
        "@shared_task\ndef send() -> None: ...",
        "@app.task(bind=True)\ndef send() -> None: ...",
        "def go() -> None:\n    send.delay(1)",
        "app.send_task('a.send')",
    ],
)
def test_work_given_to_the_broker_directly_is_found(tmp_path: Path, text: str) -> None:
    sources = written(tmp_path, {"a/tasks.py": f"{text}\n"})

    (measured,) = too_much(evidence(module("a"), sources=sources), "BND513")

    assert (measured.source, measured.path) == ("modules.a.tasks", "modules/a/tasks.py")
    assert measured.line > 0


@pytest.mark.parametrize(
    "innocent",
    [
        "@periodic(every_seconds=5)\ndef send() -> None: ...",
        "@subscribe(Happened)\ndef send(event: Happened) -> None: ...",
        "def task() -> None: ...",
        "delay = 3\nasync_apply(delay)",
    ],
)
def test_tasks_by_the_clock_and_handlers_are_not(tmp_path: Path, innocent: str) -> None:
    sources = written(tmp_path, {"a/tasks.py": f"{innocent}\n"})

    assert too_much(evidence(module("a"), sources=sources), "BND513") == []


def test_this_shop_has_an_address_and_a_key_for_everything() -> None:
    shop = evidence(*settings.MANIFESTS, sources=Sources(settings.HOUSE), has_application=True)

    for rule in ("BND510", "BND511", "BND512", "BND513"):
        assert [each.detail for each in too_much(shop, rule)] == []
