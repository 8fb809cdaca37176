"""Trying again what failed: each attempt is counted before it starts, so that even one that kills the process counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import DatabaseError, connections, transaction

from infra.events.configuration import setting
from infra.events.envelope import Envelope, decode_envelope
from infra.events.handling import Verdict, handle, judge, logger
from infra.extraction.fence import refused_by_fence
from infra.extraction.home import has_moved

EVENTS_PER_ATTEMPT = 50  # that waited behind the failed one, in one transaction with it

# The next attempt is put off before this one runs: nobody else tries meanwhile, and a killed attempt is due again later.
_CLAIM = """
UPDATE inbox_stream AS s SET next_attempt_at = clock_timestamp() + make_interval(secs => %s)
FROM (
    SELECT source, key FROM inbox_stream WHERE next_attempt_at <= clock_timestamp()
    ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED
) AS due
WHERE s.source = due.source AND s.key = due.key
RETURNING s.source, s.key, s.next_attempt_at::text
"""

_COUNT = """
UPDATE inbox_event AS e SET attempts = e.attempts + 1, state = 'failed'
FROM (
    SELECT source, key, seq FROM inbox_event
    WHERE source = %(source)s AND key = %(key)s AND state IN ('failed', 'waiting') ORDER BY seq LIMIT 1
) AS head
WHERE e.source = head.source AND e.key = head.key AND e.seq = head.seq
RETURNING e.seq, e.attempts
"""


class DueStream(NamedTuple):
    """A blocked stream, claimed for one attempt."""

    source: str
    key: str
    claim: (
        str  # when the claim ends; a later claim or attempt has another value, so that this one counts for nothing then
    )

    @property
    def name(self) -> tuple[str, str]:
        return self.source, self.key


class DiedBefore(Exception):
    """Every attempt ended without an answer: the handler kills the process, or takes longer than the lease."""


class _Stored(NamedTuple):
    seq: int
    attempts: int
    envelope: Envelope


def claim_due(consumer: str, *, limit: int = 20, lease_seconds: float | None = None) -> list[DueStream]:
    """Return blocked streams whose next attempt is due, kept from others for the time of a lease."""
    with connections[consumer].cursor() as cursor:
        cursor.execute(_CLAIM, [lease_seconds or setting("EVENTS_LEASE_SECONDS"), limit])
        return [DueStream(*row) for row in cursor.fetchall()]


def attempt(consumer: str, streams: Sequence[DueStream]) -> None:
    """Try the stored events of claimed streams in order, each stream in its own transaction.

    Raises:
        DatabaseError: the module's database is out of reach, or refuses because the module has moved; the streams are due again
            when their lease has run out.
    """
    for stream in streams:
        try:
            _attempt_stream(consumer, stream)
        except DatabaseError as error:
            if has_moved(consumer, error):
                raise
            if not connections[consumer].is_usable():
                connections[consumer].close()
                raise
            # A deadlock with another transaction, for instance: the others go on.
            logger.exception("Trying %s of %s again in %s broke off", stream.key, stream.source, consumer)


def _attempt_stream(consumer: str, stream: DueStream) -> None:
    with transaction.atomic(using=consumer, durable=True):
        if not _lock(consumer, stream):
            return
        counted = _count(consumer, stream)
    with transaction.atomic(using=consumer, durable=True):
        if not _lock(consumer, stream):
            return
        blocked, retry_in = _work_off(consumer, stream, counted)
        _save(consumer, stream, blocked=blocked, retry_in=retry_in)


def _work_off(consumer: str, stream: DueStream, counted: tuple[int, int] | None) -> tuple[bool, float | None]:
    """Handle stored events until one fails; return whether the stream stays blocked, and when to come back."""
    for stored in _stored(consumer, stream):
        # Only the first was counted; behind it stand events that were never tried.
        attempts = stored.attempts if counted and stored.seq == counted[0] else stored.attempts + 1
        try:
            if attempts > setting("EVENTS_ATTEMPTS"):
                raise DiedBefore("No attempt came to an end.")
            with transaction.atomic(using=consumer):
                handle(consumer, stored.envelope)
        except Exception as error:
            if not connections[consumer].is_usable():
                raise
            if refused_by_fence(error):
                _lock(consumer, stream)  # refused, too, where not the handler is at fault but the module has moved away
            verdict = judge(consumer, stored.envelope, error, attempts)
            _set_aside(consumer, stream, stored.seq, verdict, attempts)
            if verdict.blocks:
                return True, verdict.retry_in_seconds
        else:
            _done(consumer, stream, stored.seq)
    if _stored(consumer, stream, limit=1):
        return True, 0.0
    return _is_stopped(consumer, stream), None


def _lock(consumer: str, stream: DueStream) -> bool:
    """Lock the stream if the claim still stands; return whether it does."""
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM inbox_stream WHERE source = %s AND key = %s AND next_attempt_at = %s::timestamptz"
            " FOR NO KEY UPDATE",
            [*stream],
        )
        return cursor.fetchone() is not None


def _count(consumer: str, stream: DueStream) -> tuple[int, int] | None:
    """Count an attempt of the stream's first event; return its number and its attempts, None where nothing waits."""
    with connections[consumer].cursor() as cursor:
        cursor.execute(_COUNT, {"source": stream.source, "key": stream.key})
        row: tuple[int, int] | None = cursor.fetchone()
        return row


def _stored(consumer: str, stream: DueStream, limit: int = EVENTS_PER_ATTEMPT) -> list[_Stored]:
    with connections[consumer].cursor() as cursor:
        # Nothing behind a dead letter that stops its key is tried.
        cursor.execute(
            "SELECT seq, attempts, envelope::text FROM inbox_event"
            " WHERE source = %(source)s AND key = %(key)s AND state IN ('failed', 'waiting') AND seq < COALESCE(("
            "  SELECT min(seq) FROM inbox_event"
            "  WHERE source = %(source)s AND key = %(key)s AND state = 'dead' AND blocks), 9223372036854775807)"
            " ORDER BY seq LIMIT %(limit)s",
            {"source": stream.source, "key": stream.key, "limit": limit},
        )
        return [_Stored(seq, attempts, decode_envelope(text)) for seq, attempts, text in cursor.fetchall()]


def _is_stopped(consumer: str, stream: DueStream) -> bool:
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM inbox_event WHERE source = %s AND key = %s AND state = 'dead' AND blocks)",
            stream.name,
        )
        return bool(cursor.fetchone()[0])


def _set_aside(consumer: str, stream: DueStream, seq: int, verdict: Verdict, attempts: int) -> None:
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_event SET state = %s, attempts = %s, error = %s, blocks = %s, failed_at = clock_timestamp()"
            " WHERE source = %s AND key = %s AND seq = %s",
            [verdict.state, attempts, verdict.error, verdict.blocks, *stream.name, seq],
        )


def _done(consumer: str, stream: DueStream, seq: int) -> None:
    with connections[consumer].cursor() as cursor:
        cursor.execute("DELETE FROM inbox_event WHERE source = %s AND key = %s AND seq = %s", [*stream.name, seq])


def _save(consumer: str, stream: DueStream, *, blocked: bool, retry_in: float | None) -> None:
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_stream SET blocked = %s,"
            " stored = EXISTS (SELECT 1 FROM inbox_event WHERE source = %s AND key = %s"
            "                  AND state IN ('early', 'waiting', 'failed')),"
            " next_attempt_at = clock_timestamp() + make_interval(secs => %s)"
            " WHERE source = %s AND key = %s",
            [blocked, *stream.name, retry_in, *stream.name],
        )
