"""A contract and a handler of the orders module, for the tests: it writes down what it was told, each key once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from django.db import connections, transaction

from infra.contracts import command, query
from infra.events.outbox import publish
from infra.http.idempotency.claims import Asked, Claimed, Finished, Running, claim, finish
from tests.infra.events.effects import remember
from tests.infra.events.facts import AlsoHappened, Followed, Happened

CONTRACT = "orders.v99"
ROUTE = "POST /notes"
NOTED = "CREATE TABLE IF NOT EXISTS test_note (key text PRIMARY KEY, text text NOT NULL, side text NOT NULL)"
TOLD = "CREATE TABLE IF NOT EXISTS test_telling (number bigserial PRIMARY KEY, key text NOT NULL)"


class NotesContract(Protocol):
    """What can be asked of the notes, wherever they are. Declared where it is used, as no manifest offers it.

    No test is about the timeouts, which are long enough for a busy machine.
    """

    @query(timeout_seconds=30.0, errors=())
    def side(self) -> str:
        """Return which process answers."""
        ...

    @query(timeout_seconds=30.0, errors=())
    def notes(self) -> Mapping[str, str]:
        """Return the texts by key."""
        ...

    @command(timeout_seconds=30.0, errors=(), key="key")
    def note(self, *, key: str, text: str) -> str:
        """Write a note, once per key; return which process did."""
        ...

    @command(timeout_seconds=30.0, errors=(), key="key")
    def overreach(self, *, key: str) -> None:
        """Write where this module may not."""
        ...

    @command(timeout_seconds=30.0, errors=(), key="key")
    def announce(self, *, key: str, numbers: Collection[int]) -> None:
        """Publish an event for each number."""
        ...

    @command(timeout_seconds=30.0, errors=(), key="key")
    def begin(self, *, key: str) -> str:
        """Claim an idempotency key as a view does, and have an effect, but not end; return how the key was found."""
        ...

    @command(timeout_seconds=30.0, errors=(), key="key")
    def do(self, *, key: str) -> str:
        """Claim an idempotency key, have the effect, and keep the answer; return how the key was found."""
        ...


class Notes:
    """The implementation.

    Args:
        side: which process it runs in.
        before_writing: called in each command before it writes.
    """

    def __init__(self, side: str, before_writing: Callable[[], None] = lambda: None) -> None:
        self._side = side
        self.before_writing = before_writing

    def side(self) -> str:
        return self._side

    def notes(self) -> Mapping[str, str]:
        with connections["orders"].cursor() as cursor:
            cursor.execute("SELECT key, text FROM test_note")
            return dict(cursor.fetchall())

    def note(self, *, key: str, text: str) -> str:
        self.before_writing()
        with transaction.atomic(using="orders"), connections["orders"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO test_note VALUES (%s, %s, %s) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING side",
                [key, text, self._side],
            )
            return str(cursor.fetchone()[0])

    def overreach(self, *, key: str) -> None:
        with connections["orders"].cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations")

    def announce(self, *, key: str, numbers: Collection[int]) -> None:
        with transaction.atomic(using="orders"):
            for number in numbers:
                publish(Followed(key=key, number=number))

    def begin(self, *, key: str) -> str:
        return self._claimed(key, ends=False)

    def do(self, *, key: str) -> str:
        return self._claimed(key, ends=True)

    def _claimed(self, key: str, *, ends: bool) -> str:
        asked = Asked(principal="tests", route=ROUTE, key=key, fingerprint=b"the same")
        match claim(asked, using="orders"):
            case Claimed() as held:
                with connections["orders"].cursor() as cursor:
                    cursor.execute("INSERT INTO test_telling (key) VALUES (%s)", [key])
                if ends:
                    finish(held, status=201, headers={}, body=b"{}", using="orders")
                return "claimed"
            case Finished():
                return "finished"
            case Running():
                return "running"
            case other:
                return type(other).__name__


def subscribe_all() -> None:
    """Remember each event in the orders module of this process."""
    from infra.events.subscriptions import subscribe

    subscribe(Happened, consumer="orders")(remember)
    subscribe(AlsoHappened, consumer="orders")(remember)
