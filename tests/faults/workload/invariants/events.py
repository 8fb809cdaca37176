"""Facts that were announced are heard, by each who hears them, once and in order."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, invariant

_STREAMS = """
SELECT s.key, s.last_seq, coalesce(r.relayed_seq, 0), coalesce(r.sent, '{}'::jsonb)
FROM outbox_stream s LEFT JOIN outbox_relay r ON r.stream = s.key
"""
_GAPS = """
SELECT s.key, s.last_seq, count(e.id), min(e.seq), max(e.seq) FROM outbox_stream s LEFT JOIN outbox_event e ON e.stream = s.key
GROUP BY s.key, s.last_seq HAVING count(e.id) > 0 AND (max(e.seq) <> s.last_seq OR count(e.id) <> max(e.seq) - min(e.seq) + 1)
"""


@invariant("announced facts are numbered without gaps", in_flight=True)
def streams_have_no_gaps(evidence: Evidence) -> Iterator[str]:
    for module in evidence.modules:
        for key, last, count, least, most in evidence.rows(module, _GAPS):
            yield f"{module} {key}: {count} events from {least} to {most}, the last number is {last}"


@invariant("every announced fact was handed over")
def everything_is_handed_over(evidence: Evidence) -> Iterator[str]:
    for module in evidence.modules:
        for stream, seq in evidence.rows(module, "SELECT stream, seq FROM outbox_ready"):
            yield f"{module} {stream} number {seq} waits to be handed over"


@invariant("every fact that was handed over is handled, by each who hears it")
def everything_is_handled(evidence: Evidence) -> Iterator[str]:
    handled = {
        (source, consumer, key): position
        for consumer in evidence.modules
        for source, key, position in evidence.rows(consumer, "SELECT source, key, position FROM inbox_stream")
    }
    for module in evidence.modules:
        due = {
            (stream, name): seq
            for stream, name, seq in evidence.rows(
                module, "SELECT stream, name, max(seq) FROM outbox_event GROUP BY stream, name"
            )
        }
        wanted: dict[tuple[str, str], int] = {}
        for (stream, name), seq in due.items():
            for consumer in evidence.hears.get(name, ()):
                wanted[consumer, stream] = max(seq, wanted.get((consumer, stream), 0))
        for (consumer, stream), seq in wanted.items():
            position = handled.get((module, consumer, stream), 0)
            if position < seq:
                yield f"{consumer} heard {module} {stream} up to {position}, {seq} is announced"
    for consumer in evidence.modules:
        for source, key, seq, state, error in evidence.rows(
            consumer, "SELECT source, key, seq, state, left(error, 300) FROM inbox_event"
        ):
            yield f"{consumer} holds {source} {key} number {seq}: {state} {error}"


@invariant("nobody heard of what was never announced")
def nothing_is_made_up(evidence: Evidence) -> Iterator[str]:
    announced = {
        (module, key): last
        for module in evidence.modules
        for key, last in evidence.rows(module, "SELECT key, last_seq FROM outbox_stream")
    }
    for consumer in evidence.modules:
        for source, key, position in evidence.rows(consumer, "SELECT source, key, position FROM inbox_stream"):
            if position > announced.get((source, key), 0):
                yield f"{consumer} heard {source} {key} up to {position}, {announced.get((source, key), 0)} is announced"
