"""Making sure that what a broker took has arrived: a broker may lose what it holds, and no event is lost.

The relay compares what it sent with the positions of the consumers, and sends again what does not move for too long.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connections

from infra.contracts.errors import ContractError
from infra.events.configuration import setting
from infra.events.elsewhere import positions_at
from infra.extraction import home
from infra.extraction.home import NotHere

logger = logging.getLogger("infra.events")

STREAMS_AT_ONCE = 500
LONGEST_WAIT_SECONDS = 3600.0
_START = datetime.min.replace(tzinfo=UTC)

_UNCONFIRMED = """
SELECT stream, sent::text, unconfirmed_since FROM outbox_relay
WHERE unconfirmed_since > %s AND unconfirmed_since <= clock_timestamp() - interval '1 second'
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())
ORDER BY unconfirmed_since LIMIT %s
"""

_CONFIRM = """
WITH arrived AS (
    SELECT r.stream FROM outbox_relay AS r JOIN unnest(%s::text[], %s::text[]) AS seen (stream, sent) USING (stream)
    WHERE r.sent = seen.sent::jsonb ORDER BY r.stream FOR UPDATE OF r
)
UPDATE outbox_relay AS r SET unconfirmed_since = NULL FROM arrived WHERE r.stream = arrived.stream
"""

# Steps back to where the slowest consumer is; what the others have they were sent before, and are not sent again.
_SEND_AGAIN = """
WITH overdue AS (
    SELECT r.stream, seen.positions, seen.lowest
    FROM outbox_relay AS r
    JOIN unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) AS seen (stream, sent, positions, lowest) USING (stream)
    WHERE r.sent = seen.sent::jsonb AND (r.leased_until IS NULL OR r.leased_until <= clock_timestamp())
    ORDER BY r.stream FOR UPDATE OF r
), stepped_back AS (
    UPDATE outbox_relay AS r
    SET relayed_seq = least(r.relayed_seq, overdue.lowest), sent = r.sent || overdue.positions::jsonb
    FROM overdue WHERE r.stream = overdue.stream
    RETURNING r.stream, r.relayed_seq
)
INSERT INTO outbox_ready (stream, seq, occurred_at)
SELECT e.stream, e.seq, e.occurred_at FROM stepped_back JOIN outbox_event AS e ON e.stream = stepped_back.stream
WHERE e.seq > stepped_back.relayed_seq
ON CONFLICT DO NOTHING
"""


def positions_of(consumer: str, source: str, keys: Sequence[str]) -> Mapping[str, int]:
    """Return how far a module in this process's databases has received streams; those that it does not know are left out."""
    with connections[consumer].cursor() as cursor:
        cursor.execute(
            "SELECT key, position FROM inbox_stream WHERE source = %s AND key = ANY(%s)", [source, list(keys)]
        )
        return dict(cursor.fetchall())


class _Unconfirmed(NamedTuple):
    stream: str
    sent_as_text: str
    since: datetime

    def sent(self) -> dict[str, int]:
        return dict(json.loads(self.sent_as_text))


@dataclass(slots=True)
class _Standstill:
    """A consumer's position in a stream that does not move."""

    position: int
    since: float  # monotonic
    resends: int = 0

    def is_overdue(self) -> bool:
        patience: float = min(setting("EVENTS_RESEND_SECONDS") * 2**self.resends, LONGEST_WAIT_SECONDS)
        return time.monotonic() - self.since > patience


class Confirmations:
    """Follows what one module's relay gave to a broker."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._after = _START
        self._standstills: dict[tuple[str, str], _Standstill] = {}

    def look(self) -> int:
        """Confirm what has arrived and send again what is overdue; return how many streams are to be sent again."""
        unconfirmed = self._unconfirmed()
        positions = self._positions(unconfirmed)
        arrived: list[_Unconfirmed] = []
        overdue: list[tuple[_Unconfirmed, dict[str, int]]] = []
        for stream in unconfirmed:
            sent = stream.sent()
            if any((consumer, stream.stream) not in positions for consumer in sent):
                continue  # one of them does not answer now, and may do so next time
            missing = {
                consumer: positions[consumer, stream.stream]
                for consumer, seq in sent.items()
                if positions[consumer, stream.stream] < seq
            }
            self._forget_moving(stream, missing)
            if not missing:
                arrived.append(stream)
            elif any(self._is_overdue(stream.stream, consumer, position) for consumer, position in missing.items()):
                overdue.append((stream, missing))
        self._confirm(arrived)
        self._send_again(overdue)
        return len(overdue)

    def _unconfirmed(self) -> list[_Unconfirmed]:
        with connections[self.source].cursor() as cursor:
            cursor.execute(_UNCONFIRMED, [self._after, STREAMS_AT_ONCE])
            found = [_Unconfirmed(*row) for row in cursor.fetchall()]
        self._after = found[-1].since if len(found) == STREAMS_AT_ONCE else _START
        return found

    def _positions(self, unconfirmed: Iterable[_Unconfirmed]) -> dict[tuple[str, str], int]:
        """Return how far consumers have received the streams; one that does not answer is left out."""
        streams: dict[str, list[str]] = {}
        for stream in unconfirmed:
            for consumer in stream.sent():
                streams.setdefault(consumer, []).append(stream.stream)
        positions: dict[tuple[str, str], int] = {}
        for consumer, keys in streams.items():
            try:
                found = self._positions_in(consumer, keys)
            except (NotHere, ContractError) as error:
                logger.info("%s cannot say now how far it has received %s: %s", consumer, self.source, error)
                continue
            positions.update({(consumer, key): found.get(key, 0) for key in keys})
        return positions

    def _positions_in(self, consumer: str, keys: list[str]) -> Mapping[str, int]:
        address = home.address_of(consumer)
        if address is None:
            raise NotHere("nobody knows where it lives")
        return (
            positions_at(address, consumer, self.source, keys) if address else positions_of(consumer, self.source, keys)
        )

    def _is_overdue(self, stream: str, consumer: str, position: int) -> bool:
        standstill = self._standstills.get((stream, consumer))
        if standstill is None or standstill.position != position:
            self._standstills[stream, consumer] = _Standstill(position, time.monotonic())
            return False
        return standstill.is_overdue()

    def _forget_moving(self, stream: _Unconfirmed, missing: Mapping[str, int]) -> None:
        for consumer in stream.sent():
            if consumer not in missing:
                self._standstills.pop((stream.stream, consumer), None)

    def _confirm(self, arrived: list[_Unconfirmed]) -> None:
        if arrived:
            with connections[self.source].cursor() as cursor:
                cursor.execute(_CONFIRM, [[s.stream for s in arrived], [s.sent_as_text for s in arrived]])

    def _send_again(self, overdue: list[tuple[_Unconfirmed, dict[str, int]]]) -> None:
        if not overdue:
            return
        logger.warning("%d streams of %s have not arrived and are sent again", len(overdue), self.source)
        for stream, missing in overdue:
            for consumer in missing:
                standstill = self._standstills[stream.stream, consumer]
                standstill.since = time.monotonic()
                standstill.resends += 1
        with connections[self.source].cursor() as cursor:
            cursor.execute(
                _SEND_AGAIN,
                [
                    [stream.stream for stream, _ in overdue],
                    [stream.sent_as_text for stream, _ in overdue],
                    [json.dumps(missing) for _, missing in overdue],
                    [min(missing.values()) for _, missing in overdue],
                ],
            )
