"""Receiving: the position in a stream and the effect of its events commit together, so effects happen exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db import DatabaseError, OperationalError, connections, transaction

from infra.events import inbox_store
from infra.events.envelope import Numbered, Run
from infra.events.handling import handle, judge
from infra.extraction.fence import refused_by_fence

# Events in one transaction. A commit costs about 2 ms, so 100 share one; more would hold the rows that handlers lock too long.
EVENTS_PER_TRANSACTION = 100


@dataclass(slots=True)
class Stream:
    """A row of `inbox_stream`, locked, and what has become of it since."""

    source: str
    key: str
    position: int
    blocked: bool
    stored: bool
    retry_in_seconds: float | None = None
    touched: bool = False


class _HandlerFailed(Exception):
    """An event failed on the fast path: all is rolled back and done again with care."""


def receive(consumer: str, runs: Sequence[Run]) -> None:
    """Handle events for one module: each exactly once, in order within its key.

    What came before is left out; what came too early, stands behind a failed event, or fails, is stored in the inbox. When
    this returns, all is handled or stored, and committed.

    Raises:
        DatabaseError: the module's database is out of reach, or refuses because the module has moved; what was not committed
            is rolled back. Hand over the same again later, where the module lives then.
    """
    for batch in _batches(runs):
        try:
            _receive_together(consumer, batch, careful=False)
        except (_HandlerFailed, DatabaseError):
            _receive_with_care(consumer, batch)


def _receive_with_care(consumer: str, batch: Sequence[Run]) -> None:
    try:
        _receive_together(consumer, batch, careful=True)
    except OperationalError:
        if not connections[consumer].is_usable():
            connections[consumer].close()
            raise
        # A deadlock between this batch and other transactions: one key at a time holds the fewest locks.
        for run in batch:
            _receive_together(consumer, [run], careful=True)


def _receive_together(consumer: str, batch: Sequence[Run], *, careful: bool) -> None:
    with transaction.atomic(using=consumer, durable=True):
        streams = inbox_store.lock_streams(consumer, [(run.source, run.key) for run in batch])
        for run in batch:
            stream = streams[run.source, run.key]
            for event in run.events:
                _take(consumer, stream, event, careful=careful, only_store=run.cautious)
            if stream.stored and not stream.blocked:
                for event in inbox_store.no_longer_early(consumer, stream):
                    _take(consumer, stream, event, careful=careful, only_store=run.cautious)
        inbox_store.save_streams(consumer, [stream for stream in streams.values() if stream.touched])


def _take(consumer: str, stream: Stream, event: Numbered, *, careful: bool, only_store: bool) -> None:
    if event.seq <= stream.position:
        return
    if event.previous > stream.position:
        inbox_store.store(consumer, stream, event, "early")
        stream.stored = stream.touched = True
        return
    if stream.blocked or only_store:
        inbox_store.store(consumer, stream, event, "waiting")
        if not stream.blocked:
            stream.blocked, stream.retry_in_seconds = True, 0.0
        stream.stored = True
    elif not careful:
        try:
            handle(consumer, event.event)
        except Exception as error:
            raise _HandlerFailed from error
    else:
        try:
            with transaction.atomic(using=consumer):
                handle(consumer, event.event)
        except Exception as error:
            if not connections[consumer].is_usable():
                raise
            _put_aside(consumer, stream, event, error)
    stream.position = event.seq
    stream.touched = True


def _put_aside(consumer: str, stream: Stream, event: Numbered, error: Exception) -> None:
    if refused_by_fence(error):
        # A handler that may not write something is a defect; a module that may write nothing any more has moved away, and raises.
        inbox_store.lock_streams(consumer, [(stream.source, stream.key)])
    verdict = judge(consumer, event.event, error, attempts=1)
    inbox_store.store(consumer, stream, event, verdict.state, attempts=1, error=verdict.error, blocks=verdict.blocks)
    stream.blocked, stream.retry_in_seconds = verdict.blocks, verdict.retry_in_seconds
    stream.stored = stream.stored or verdict.blocks


def _batches(runs: Sequence[Run]) -> Iterator[list[Run]]:
    batch: list[Run] = []
    count = 0
    for run in chain.from_iterable(_pieces(run) for run in runs):
        if batch and count + len(run.events) > EVENTS_PER_TRANSACTION:
            yield batch
            batch, count = [], 0
        batch.append(run)
        count += len(run.events)
    if batch:
        yield batch


def _pieces(run: Run) -> Iterator[Run]:
    for start in range(0, len(run.events), EVENTS_PER_TRANSACTION):
        yield Run(run.source, run.key, run.events[start : start + EVENTS_PER_TRANSACTION], run.cautious)
