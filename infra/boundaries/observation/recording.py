"""Noting what happens, as cheaply as can be: a tuple per call, added up by another thread."""

from __future__ import annotations

from collections import deque

from infra.boundaries.findings import Finding
from infra.boundaries.observation.histograms import bucket_of_number, bucket_of_seconds
from infra.boundaries.observation.sums import Key, Sums
from infra.boundaries.runtime.policy import on_finding, stop_listening
from infra.contracts import context, journeys
from infra.contracts.calls import observe_calls, stop_observing
from infra.contracts.declaration import Method
from infra.contracts.journeys import Journey
from infra.databases.open_transactions import open_transactions
from infra.events.handling import Handling, observe_handling, stop_observing_handling

# Notes that nobody has added up yet: ten seconds of 5,000 calls each, in some 10 MB. What comes beyond that is counted only.
MOST_NOTES = 50_000

# Of plain values only, so that the garbage collector lets go of it at first sight, however many there are.
Call = tuple[str, str, str, str, float, int, bool]
"""Who asked, the contract, the method, the outcome, seconds, how deep in other questions, whether a transaction was open."""


class Recorder:
    """Notes the calls, journeys, handled events and crossed boundaries of this process between `begin` and `stop`."""

    def __init__(self) -> None:
        self._notes: deque[Call | Journey | Handling | Finding] = deque()
        self.missed = 0

    def begin(self) -> None:
        observe_calls(self._called)
        journeys.listen_to_ends(self._add)
        observe_handling(self._add)
        on_finding(self._add)

    def stop(self) -> None:
        stop_observing(self._called)
        journeys.stop_listening(self._add)
        stop_observing_handling(self._add)
        stop_listening(self._add)

    def add_up(self, sums: Sums) -> None:
        """Take the notes and add them to the sums."""
        for _ in range(len(self._notes)):
            note = self._notes.popleft()
            if isinstance(note, Journey):
                _add_journey(sums, note)
            elif isinstance(note, Handling):
                _add_handling(sums, note)
            elif isinstance(note, Finding):
                key = Key("crossing", note.source, note.target, note.rule.id, note.module)
                sums.of(key).add(1, bucket_of_number(1), most=1)
            else:
                asker, contract, method, outcome, seconds, depth, in_transaction = note
                sums.of(Key("question", asker, contract, method, outcome)).add(
                    seconds, bucket_of_seconds(seconds), most=depth, in_transaction=in_transaction
                )

    def _called(self, asker: str, method: Method, outcome: str, seconds: float) -> None:
        journey = journeys.current()
        depth = 1 if journey is None else context.current().hops - journey.first_hops + 1
        self._add((asker, method.contract, method.name, outcome, seconds, depth, bool(open_transactions())))

    def _add(self, note: Call | Journey | Handling | Finding) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes.append(note)
        else:
            self.missed += 1


def _add_journey(sums: Sums, journey: Journey) -> None:
    asked = sum(journey.asked.values())
    sums.of(Key("journey", journey.entry, "", "", journey.kind)).add(asked, bucket_of_number(asked), most=asked)
    for (asker, contract, method), times in journey.asked.items():
        sums.of(Key("asked", journey.entry, contract, method, asker)).add(times, bucket_of_number(times), most=times)


def _add_handling(sums: Sums, handling: Handling) -> None:
    sums.of(Key("event", handling.source, handling.consumer, handling.name, handling.outcome)).add(
        handling.seconds, bucket_of_seconds(handling.lag_seconds), most=0, in_transaction=handling.came_back
    )
