"""Invariants by name, and the evidence that they are judged by. More are added beside `invariants/`; nothing else changes.

@invariant("every account has an owner")
def owned(evidence: Evidence) -> Iterator[str]:
    for row in evidence.rows("users", "SELECT ... WHERE ..."):
        yield f"account {row[0]} has none"
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from tests.faults.workload.journal import Journal, Operation

Check = Callable[["Evidence"], Iterator[str]]
Login = Callable[[str], tuple[str, str]]
_MOST = 20  # convictions of one invariant that are told; a broken table has thousands


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that always holds at the end; `in_flight`: at each moment, and cheap to look at."""

    name: str
    check: Check
    in_flight: bool


@dataclass(frozen=True, slots=True)
class Conviction:
    """An invariant that does not hold, and by what it is seen."""

    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


@dataclass
class Evidence:
    """What invariants may look at.

    Args:
        login: returns for a module the URL of an administrator's login, there where its tables are the truth now, and their
            schema. Nothing else here knows where a module lives.
        modules: all of the shop.
        hears: which modules hear each event.
    """

    journal: Journal
    login: Login
    modules: Sequence[str]
    hears: dict[str, tuple[str, ...]]
    baseline: dict[str, Any] = field(default_factory=dict)  # what an invariant noted before the workload began

    def rows(self, module: str, statement: str, parameters: Sequence[Any] = ()) -> list[TupleRow]:
        """Return the rows of a query on a module's tables at their home, all seen at one moment."""
        with self.connection(module) as connection:
            return connection.execute(statement, parameters).fetchall()

    def value(self, module: str, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the one value of a query of one row."""
        return self.rows(module, statement, parameters)[0][0]

    def operations(self, name: str = "") -> list[Operation]:
        return self.journal.operations(name)

    @contextmanager
    def connection(self, module: str) -> Iterator[psycopg.Connection[TupleRow]]:
        """Have a connection to the module's home, its schema in the search path."""
        url, schema = self.login(module)
        with psycopg.connect(
            url, autocommit=True, options=f"-c search_path={schema} -c timezone=UTC", connect_timeout=5
        ) as connection:
            yield connection


_registry: dict[str, Invariant] = {}
_baselines: dict[str, Callable[[Evidence], Any]] = {}


def invariant(name: str, *, in_flight: bool = False) -> Callable[[Check], Check]:
    """Register a check, which yields one sentence for each thing that breaks the invariant."""

    def register(check: Check) -> Check:
        assert name not in _registry, f"two invariants are called {name!r}"
        _registry[name] = Invariant(name, check, in_flight)
        return check

    return register


def baseline(name: str) -> Callable[[Callable[[Evidence], Any]], Callable[[Evidence], Any]]:
    """Register what has to be noted before the workload begins; it is found again in `evidence.baseline`."""

    def register(note: Callable[[Evidence], Any]) -> Callable[[Evidence], Any]:
        _baselines[name] = note
        return note

    return register


def take_baselines(evidence: Evidence) -> None:
    """Note what the invariants will compare with; before the workload begins."""
    invariants()
    evidence.baseline.update({name: note(evidence) for name, note in _baselines.items()})


def invariants(*, in_flight: bool | None = None) -> list[Invariant]:
    """Return the invariants, all that stand in `invariants/`."""
    package = importlib.import_module("tests.faults.workload.invariants")
    for each in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{each.name}")
    return [one for one in _registry.values() if in_flight is None or one.in_flight == in_flight]


def judge(evidence: Evidence, *, only_in_flight: bool = False) -> list[Conviction]:
    """Look at every invariant, and return what breaks any."""
    found: list[Conviction] = []
    for one in invariants(in_flight=True if only_in_flight else None):
        for number, text in enumerate(one.check(evidence)):
            if number == _MOST:
                found.append(Conviction(one.name, "... and more"))
                break
            found.append(Conviction(one.name, text))
    return found


class Watch:
    """Judges the invariants of each moment, again and again, while a block runs."""

    def __init__(self, evidence: Evidence, *, every_seconds: float = 1.0) -> None:
        self._evidence, self._every = evidence, every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.looks = 0
        self.convictions: list[Conviction] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *of_error: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.convictions += judge(self._evidence, only_in_flight=True)
                self.looks += 1
            except psycopg.OperationalError:
                continue  # a database that a test has stopped; what is in it is looked at in the end
