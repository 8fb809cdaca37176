"""What travels: CloudEvents 1.0, in runs of one ordering key, in batches for one consuming module."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

import msgspec

from infra.contracts.context import CallContext, current

SOURCE_PREFIX = "urn:banyan:"
_chain: ContextVar[str] = ContextVar("banyan_event_chain", default="")


class Headers(msgspec.Struct, frozen=True, omit_defaults=True):
    """The context of a publisher, as it is kept beside the payload."""

    correlationid: str | msgspec.UnsetType = msgspec.UNSET
    causationid: str | msgspec.UnsetType = msgspec.UNSET
    hops: int = 0
    traceparent: str | msgspec.UnsetType = msgspec.UNSET
    causationchain: str | msgspec.UnsetType = (
        msgspec.UNSET
    )  # "name id" of every event that led here, oldest first, parted by " > "


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent with its extension attributes."""

    id: UUID
    source: str
    type: str
    time: datetime
    data: msgspec.Raw
    subject: str  # the ordering key, also as `partitionkey`
    partitionkey: str
    sequence: str  # within source and key, gap-free, padded so that it sorts as text
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    correlationid: str | msgspec.UnsetType = msgspec.UNSET
    causationid: str | msgspec.UnsetType = msgspec.UNSET
    hops: int = 0
    traceparent: str | msgspec.UnsetType = msgspec.UNSET
    causationchain: str | msgspec.UnsetType = msgspec.UNSET

    def context(self) -> CallContext:
        """Return the context in which this event's handlers run."""
        return CallContext(
            correlation_id=self.correlationid or str(self.id),
            causation_id=str(self.id),
            hops=self.hops + 1,
            traceparent=self.traceparent or None,
        )

    def chain(self) -> str:
        """Return the chain of causes with this event at its end."""
        link = f"{self.type} {self.id}"
        return f"{self.causationchain} > {link}" if self.causationchain else link


class Numbered(msgspec.Struct, frozen=True):
    """An event in its stream.

    `previous` is the number of the event before it that was meant for the same consumer, 0 for the first: the consumer
    sees by it whether something is missing.
    """

    seq: int
    previous: int
    event: Envelope


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """Events of one ordering key in order, for one consumer."""

    source: str  # the publishing module
    key: str
    events: list[Numbered]
    # The same was handed over before, several times, without an end: store first, so that attempts are counted.
    cautious: bool = False


_encoder = msgspec.json.Encoder()
_runs_decoder = msgspec.json.Decoder(list[Run])
_envelope_decoder = msgspec.json.Decoder(Envelope)
_headers_decoder = msgspec.json.Decoder(Headers)


def encode_runs(runs: list[Run]) -> str:
    return _encoder.encode(runs).decode()


def decode_runs(text: str) -> list[Run]:
    return _runs_decoder.decode(text)


def encode_envelope(envelope: Envelope) -> str:
    return _encoder.encode(envelope).decode()


def decode_envelope(text: str | bytes) -> Envelope:
    return _envelope_decoder.decode(text)


def present_headers(event_id: UUID) -> str:
    """Return the headers of an event published now, as JSON."""
    context = current()
    headers = Headers(
        correlationid=context.correlation_id or str(event_id),
        causationid=context.causation_id or msgspec.UNSET,
        hops=context.hops,
        traceparent=context.traceparent or msgspec.UNSET,
        causationchain=_chain.get() or msgspec.UNSET,
    )
    return _encoder.encode(headers).decode()


def envelope_of(
    *, source: str, key: str, seq: int, id_: UUID, name: str, payload: str, headers: str, occurred_at: datetime
) -> Envelope:
    """Return the envelope of a row of the outbox."""
    context = _headers_decoder.decode(headers)
    return Envelope(
        id=id_,
        source=SOURCE_PREFIX + source,
        type=name,
        time=occurred_at,
        data=msgspec.Raw(payload.encode()),
        subject=key,
        partitionkey=key,
        sequence=f"{seq:019d}",
        correlationid=context.correlationid,
        causationid=context.causationid,
        hops=context.hops,
        traceparent=context.traceparent,
        causationchain=context.causationchain,
    )


def chain_variable() -> ContextVar[str]:
    return _chain
