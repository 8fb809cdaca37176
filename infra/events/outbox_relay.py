"""Relaying one outbox: claims streams of one module's outbox, hands their events over, then writes back how far it came.

A claim is one short statement; nothing foreign runs in a transaction of the relay. Claims and write-backs may be lost in a
crash of the database (`synchronous_commit = off`): then events are handed over again, and consumers know them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper

from infra.contracts.errors import ContractError
from infra.databases.prepared import prepared_cursor
from infra.events.configuration import setting
from infra.events.envelope import Envelope, Numbered, Run, envelope_of
from infra.events.subscriptions import consumers_of
from infra.extraction.epochs import first_lease, new_lease
from infra.extraction.home import NotHere

logger = logging.getLogger("infra.events")

STREAMS_PER_CLAIM = 100
EVENTS_PER_STREAM = 50
EVENTS_OF_FEW_STREAMS = 200  # a single busy stream gives this many, so that it is no slower than many streams
EVENTS_PER_HANDOVER = 200  # between two looks at the clock
PAUSE_OF_A_FAILED_CONSUMER = 1.0  # seconds
PAUSE_OF_A_MOVING_CONSUMER = 0.05  # of which customers should notice nothing
CLAIMS_BEFORE_CAUTION = 3  # a stream handed over so often without an end may hold an event that kills the process

HandOver = Callable[[str, Sequence[Run]], None]
"""Takes runs for one consuming module; when it returns they are safe with the consumer or with a broker."""

# Walks from stream to stream by the index, not over all ready events, so that a deep stream costs no more than a shallow one.
# OFFSET 0 has each stream looked up as it comes; a join of the whole tables would walk to the end of the backlog each time.
_CLAIM = """
WITH RECURSIVE walk AS (
    (SELECT stream FROM outbox_ready WHERE stream > %(after)s ORDER BY stream LIMIT 1)
    UNION ALL
    SELECT (SELECT r.stream FROM outbox_ready AS r WHERE r.stream > walk.stream ORDER BY r.stream LIMIT 1)
    FROM walk WHERE walk.stream IS NOT NULL
), free AS (
    SELECT walk.stream
    FROM walk
    LEFT JOIN LATERAL (SELECT leased_until, lease FROM outbox_relay AS r WHERE r.stream = walk.stream OFFSET 0) AS at ON true
    WHERE walk.stream IS NOT NULL AND (leased_until IS NULL OR leased_until <= clock_timestamp() OR at.lease < %(oldest)s)
    LIMIT %(streams)s
), claimed AS (
    INSERT INTO outbox_relay AS r (stream, lease, leased_until, claims)
    SELECT stream, %(lease)s, clock_timestamp() + make_interval(secs => %(seconds)s), 1 FROM free ORDER BY stream
    ON CONFLICT (stream) DO UPDATE
    SET lease = excluded.lease, leased_until = excluded.leased_until, claims = least(r.claims + 1, 1000)
    WHERE r.leased_until IS NULL OR r.leased_until <= clock_timestamp() OR r.lease < %(oldest)s
    RETURNING stream, relayed_seq, sent, claims
)
SELECT claimed.stream, claimed.relayed_seq, claimed.sent::text, claimed.claims,
       event.seq, event.id, event.name, event.payload::text, event.headers::text, event.occurred_at
FROM claimed LEFT JOIN LATERAL (
    SELECT * FROM outbox_event AS e WHERE e.stream = claimed.stream AND e.seq > claimed.relayed_seq
    ORDER BY e.seq LIMIT (SELECT greatest(%(events)s, %(of_few)s / greatest(count(*), 1)) FROM claimed)
) AS event ON true
ORDER BY claimed.stream, event.seq
"""

# Like a claim it locks its rows sorted: in any other order relays would deadlock.
_SETTLE = """
WITH mine AS (
    SELECT stream FROM outbox_relay WHERE stream = ANY(%(streams)s) AND lease = %(lease)s ORDER BY stream FOR UPDATE
), settled AS (
    UPDATE outbox_relay AS r
    SET relayed_seq = new.seq, sent = r.sent || new.sent::jsonb, lease = NULL, leased_until = NULL, claims = 0,
        unconfirmed_since = CASE WHEN %(confirmed)s OR new.sent = '{}' THEN r.unconfirmed_since
                                 ELSE COALESCE(r.unconfirmed_since, clock_timestamp()) END
    FROM mine JOIN unnest(%(streams)s::text[], %(seqs)s::bigint[], %(sent)s::text[]) AS new (stream, seq, sent) USING (stream)
    WHERE r.stream = mine.stream
    RETURNING r.stream, r.relayed_seq
)
DELETE FROM outbox_ready AS ready USING settled
WHERE ready.stream = settled.stream AND ready.seq <= settled.relayed_seq
"""

_GIVE_BACK = """
WITH mine AS (
    SELECT stream FROM outbox_relay WHERE stream = ANY(%(streams)s) AND lease = %(lease)s ORDER BY stream FOR UPDATE
)
UPDATE outbox_relay AS r SET leased_until = clock_timestamp() + make_interval(secs => %(seconds)s), claims = 0
FROM mine WHERE r.stream = mine.stream
"""


# These tables are empty one moment and full the next, so statistics mislead the planner: it is told to go by the indexes.
_QUICKLY = """
SET LOCAL synchronous_commit = off;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
"""


@dataclass(slots=True)
class _Claimed:
    """A stream in this relay's hands."""

    stream: str
    relayed_seq: int
    sent: dict[str, int]
    claims: int
    events: list[tuple[int, Envelope]] = field(default_factory=list)
    newly_sent: dict[str, int] = field(default_factory=dict)

    @property
    def last_seq(self) -> int:
        return self.events[-1][0] if self.events else self.relayed_seq


class Relay:
    """Relays the outbox of one module. Any number may run at once, in any number of processes.

    Args:
        hand_over: see `HandOver`.
        confirmed_by_handover: whether events are with their consumers when `hand_over` returns, not just with a broker.
    """

    def __init__(self, source: str, hand_over: HandOver, *, confirmed_by_handover: bool) -> None:
        self.source = source
        self._hand_over = hand_over
        self._confirmed = confirmed_by_handover
        self._after = ""  # streams are taken in turn

    def relay_if_ready(self) -> int:
        """Do as `relay_once` when anything waits in the outbox: a look costs a tenth of a claim."""
        with prepared_cursor(self.source) as cursor:
            cursor.execute("SELECT 1 FROM outbox_ready LIMIT 1")
            is_ready = cursor.fetchone() is not None
        return self.relay_once() if is_ready else 0

    def relay_once(self) -> int:
        """Hand over what is ready, up to one claim's worth; return how many events were taken off.

        Raises:
            DatabaseError: the module's own database failed. Failures of one consumer are logged, and tried again.
        """
        lease = new_lease(self.source)
        started = time.monotonic()
        claimed = self._claim(lease)
        handled = 0
        for index, group in enumerate(_groups(claimed)):
            # Another relay may take over at the end of the lease: stop in time, with room for the write-back.
            if index and time.monotonic() - started > setting("EVENTS_LEASE_SECONDS") / 2:
                self._give_back(lease, group, seconds=0.0)
            else:
                handled += self._relay_group_or_give_back(lease, group, claimed)
        return handled

    def _relay_group_or_give_back(self, lease: UUID, group: list[_Claimed], claimed: list[_Claimed]) -> int:
        try:
            return self._relay_group(lease, group)
        except DatabaseError:
            with suppress(DatabaseError):  # when this fails too, the lease runs out
                self._give_back(lease, claimed, seconds=0.0)
            raise

    def _relay_group(self, lease: UUID, group: list[_Claimed]) -> int:
        failed: set[str] = set()
        moving: set[str] = set()
        for consumer, runs in self._runs(group).items():
            try:
                self._hand_over(consumer, runs)
            except NotHere:
                moving.update(run.key for run in runs)
            except ContractError as error:
                logger.warning(
                    "%d streams of %s wait, as %s is out of reach: %s", len(runs), self.source, consumer, error
                )
                failed.update(run.key for run in runs)
            except Exception:
                logger.exception("%d streams of %s could not be handed to %s", len(runs), self.source, consumer)
                failed.update(run.key for run in runs)
        moving -= failed
        done = [stream for stream in group if stream.stream not in failed | moving]
        self._settle(lease, done)
        for keys, seconds in ((failed, PAUSE_OF_A_FAILED_CONSUMER), (moving, PAUSE_OF_A_MOVING_CONSUMER)):
            if keys:
                self._give_back(lease, [stream for stream in group if stream.stream in keys], seconds=seconds)
        return sum(len(stream.events) for stream in done)

    def _runs(self, group: Iterable[_Claimed]) -> dict[str, list[Run]]:
        """Return what each consumer gets: of each stream only what it subscribes to and was not sent before."""
        runs: dict[str, list[Run]] = {}
        for stream in group:
            of_stream: dict[str, list[Numbered]] = {}
            for seq, envelope in stream.events:
                for consumer in consumers_of(envelope.type):
                    previous = stream.newly_sent.get(consumer) or stream.sent.get(consumer, 0)
                    if seq > previous:
                        of_stream.setdefault(consumer, []).append(Numbered(seq, previous, envelope))
                        stream.newly_sent[consumer] = seq
            cautious = stream.claims > CLAIMS_BEFORE_CAUTION
            for consumer, events in of_stream.items():
                runs.setdefault(consumer, []).append(Run(self.source, stream.stream, events, cautious))
        return runs

    def _claim(self, lease: UUID) -> list[_Claimed]:
        parameters = {
            "after": self._after,
            "streams": STREAMS_PER_CLAIM,
            "events": EVENTS_PER_STREAM,
            "of_few": EVENTS_OF_FEW_STREAMS,
            "lease": lease,
            "oldest": first_lease(self.source),
            "seconds": setting("EVENTS_LEASE_SECONDS"),
        }
        with self._quickly(_CLAIM, parameters) as cursor:
            rows = cursor.fetchall()
        claimed: dict[str, _Claimed] = {}
        for stream, relayed_seq, sent, claims, seq, id_, name, payload, headers, occurred_at in rows:
            if stream not in claimed:
                claimed[stream] = _Claimed(stream, relayed_seq, json.loads(sent), claims)
            if seq is not None:
                envelope = envelope_of(
                    source=self.source, key=stream, seq=seq, id_=id_, name=name,
                    payload=payload, headers=headers, occurred_at=occurred_at,
                )  # fmt: skip
                claimed[stream].events.append((seq, envelope))
        was_at_start = self._after == ""
        self._after = max(claimed) if len(claimed) == STREAMS_PER_CLAIM else ""
        if not claimed and not was_at_start:
            return self._claim(lease)
        return list(claimed.values())

    def _settle(self, lease: UUID, streams: Sequence[_Claimed]) -> None:
        parameters = {
            "lease": lease,
            "confirmed": self._confirmed,
            "streams": [stream.stream for stream in streams],
            "seqs": [stream.last_seq for stream in streams],
            "sent": [json.dumps(stream.newly_sent) for stream in streams],
        }
        with self._quickly(_SETTLE, parameters):
            pass

    def _give_back(self, lease: UUID, streams: Sequence[_Claimed], *, seconds: float) -> None:
        parameters = {"seconds": seconds, "streams": [stream.stream for stream in streams], "lease": lease}
        with self._quickly(_GIVE_BACK, parameters):
            pass

    @contextmanager
    def _quickly(self, statement: str, parameters: Mapping[str, Any]) -> Iterator[CursorWrapper]:
        """Run a statement in a transaction of its own whose commit does not wait for the disk, in one round trip."""
        connection = connections[self.source]
        if connection.in_atomic_block:
            raise RuntimeError("A relay cannot run inside a transaction: it would hold its streams until the end.")
        with connection.cursor() as cursor:
            cursor.execute(_QUICKLY + statement, parameters)
            while cursor.nextset():
                pass
            yield cursor


def _groups(claimed: Sequence[_Claimed]) -> Iterator[list[_Claimed]]:
    group: list[_Claimed] = []
    count = 0
    for stream in claimed:
        if group and count + len(stream.events) > EVENTS_PER_HANDOVER:
            yield group
            group, count = [], 0
        group.append(stream)
        count += len(stream.events)
    if group:
        yield group
