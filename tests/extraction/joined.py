"""The real data plane and the real switch, joined without a record: for what concerns both and no process around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from infra.extraction.data import capture, guards, stream, way_back
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import carried_tables
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.steps import Guard, OnStep, Switched, Work, switch
from infra.extraction.switch.transitions import State
from tests.extraction.data.shop import NAMES, Pair, application_url, open_side

PATIENT = Deadlines(gate=1.0, hold=3.0, drain=1.0, statement=3.0)


@dataclass
class Joined:
    """Two sides at rest with a stream between them; `primary` and `standby` change places with each switch."""

    primary: Side
    standby: Side
    names: tuple[str, ...] = NAMES

    def applier(self) -> Applier:
        return Applier(self.primary, self.standby, self.names)

    @contextmanager
    def application(self, side: Side) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """The serving role, in autocommit."""
        with psycopg.connect(application_url(side), autocommit=True) as connection:
            yield connection

    def switch(self, *, deadlines: Deadlines = PATIENT, on_step: OnStep = lambda step, moment: None) -> Switched:
        """Switch, and have the stream run the other way afterwards."""
        with self.applier() as applier, prepared_work(applier) as work:
            applier.step()
            try:
                done = switch(self.primary, self.standby, work, by="a test", deadlines=deadlines, on_step=on_step)
            finally:
                self._settle()
        return done

    def _settle(self) -> None:
        with connect(self.primary, "test") as here, connect(self.standby, "test") as there:
            states = gate.read(here, self.primary).state, gate.read(there, self.standby).state
            if states == (State.STANDBY, State.PRIMARY):
                here, there = there, here
                self.primary, self.standby = self.standby, self.primary
            elif states != (State.PRIMARY, State.STANDBY):
                return
            capture.remove(there, self.standby)
            tables = carried_tables(there, self.standby.schema, self.names)
            guards.hold(there, self.standby, tables, references=False)
            stream.end(here, self.primary)


@contextmanager
def joined(pair: Pair, names: tuple[str, ...] = NAMES) -> Iterator[Joined]:
    """Give both sides a gate and a stream that has copied all there is."""
    with connect(pair.source, "test") as source, connect(pair.target, "test") as target:
        open_side(target, pair.target)
        gate.install(source, pair.source, State.PRIMARY)
        gate.install(target, pair.target, State.STANDBY)
        capture.install(source, pair.source, names)
        stream.begin(source, target, (pair.source, pair.target), names)
    made = Joined(pair.source, pair.target, names)
    with made.applier() as applier:
        applier.copy_all()
    yield made


@contextmanager
def prepared_work(applier: Applier) -> Iterator[Work]:
    """Have all that takes time done before anybody is held."""
    source, target = applier.source, applier.target
    names = [table.name for table in applier.tables]
    with connect(target, "switching") as there, connect(source, "switching") as here:
        back = way_back.prepare(there, here, (target, source), names)

        def final_step(guard: Guard) -> None:
            applier.purges = False
            applier._permitted = guard
            applier.step()

        def begin_way_back(guard: Guard) -> None:
            with there.transaction():
                guard(there)
                back.begin(there, here)
                guards.release(there, target, guards.TRIGGER)

        yield Work(final_step=final_step, begin_way_back=begin_way_back)


def owner(side: Side) -> Connection:
    return connect(side, "test")


def turned(pair: Pair, made: Joined) -> Pair:
    """Return the pair as it is now, for its comparisons."""
    return replace(pair, source=made.primary, target=made.standby)
