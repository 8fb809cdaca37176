"""One at a time: a turn ends with its holder's process, also with a frozen one."""

from __future__ import annotations

import pytest
from pytest_django.plugin import DjangoDbBlocker

from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.turns import Turn, holder_of, turn
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _unblocked(django_db_blocker: DjangoDbBlocker) -> object:
    with django_db_blocker.unblock():
        yield


def test_a_second_one_is_refused_and_told_who_is_at_it() -> None:
    with (
        turn("something", by="switch by ada"),
        pytest.raises(MoveRefused, match="switch by ada"),
        turn("something", by="bob"),
    ):
        pass
    with turn("something", by="bob"):
        assert "bob" in str(holder_of("something"))
    assert holder_of("something") is None


def test_other_things_can_be_done_meanwhile() -> None:
    with turn("something", by="ada"), turn("something else", by="bob"):
        assert "bob" in str(holder_of("something else"))


class Frozen(Turn):
    """A holder that stands still: it never speaks."""

    def _speak(self) -> None:
        return


def test_a_holder_that_is_silent_loses_its_turn_soon_while_writes_are_held() -> None:
    frozen = Frozen("something", "ada")
    assert frozen.take()
    with frozen.urgent():
        eventually(lambda: holder_of("something") is None, "the server ended its session", seconds=5)
    assert frozen.lost
    frozen.end()


def test_a_holder_that_lives_keeps_its_turn_while_writes_are_held() -> None:
    looks = iter(range(20))
    with turn("something", by="ada") as mine, mine.urgent():
        eventually(lambda: holder_of("something") is None or next(looks, None) is None, "some time passed")
        assert holder_of("something") is not None
        assert not mine.lost
