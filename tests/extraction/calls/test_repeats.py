"""A command whose answer is lost is asked again with the same arguments, its key among them: one effect, wherever it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra.contracts.http_route import Http
from infra.extraction.record.values import SERVICE, Phase
from tests.extraction.calls.lost_answers import LosesAnswers
from tests.extraction.calls.place import Place


@pytest.fixture
def loses_one(place: Place) -> Iterator[Place]:
    """After the switch, the first answer of the service is lost on its way."""
    place.switch()
    proxy = LosesAnswers(place.address, losses=1)
    place.say(addresses={SERVICE: proxy.address}, phase=Phase.SWITCHED)
    yield place
    proxy.close()


def test_a_lost_answer_is_asked_for_again_with_the_same_key(loses_one: Place, asked: Any) -> None:
    assert asked.note(key="a", text="once") == SERVICE

    assert loses_one.service.all("SELECT key FROM orders.test_note") == ["a"]


def test_a_retry_with_a_new_key_would_do_it_twice(
    loses_one: Place, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted defect: what the test above sees when a retry makes up a key of its own."""
    attempt = Http._attempt

    def with_a_new_key(self: Http, method: Any, body: bytes, *rest: Any) -> bytes:
        arguments = msgspec.json.decode(body) | {"key": str(uuid4())}
        return attempt(self, method, msgspec.json.encode(arguments), *rest)

    monkeypatch.setattr(Http, "_attempt", with_a_new_key)

    asked.note(key="a", text="once")

    assert len(loses_one.service.all("SELECT key FROM orders.test_note")) == 2
