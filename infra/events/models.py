"""The outbox of what a module announces and the inbox of what it heard; both stand in every module's schema.

Publishers write `outbox_stream`, `outbox_event` and `outbox_ready`; only relays write `outbox_relay`, so that neither waits
for the other's transaction.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class OutboxStream(models.Model):
    """The last number given out under an ordering key. Its row lock makes numbers gap-free in the order of commits."""

    key = models.TextField(primary_key=True)
    last_seq = models.BigIntegerField()

    class Meta:
        db_table = "outbox_stream"


class OutboxEvent(models.Model):
    """An announced fact; never changed, deleted after the retention time."""

    id = models.UUIDField(primary_key=True)
    stream = models.TextField()
    seq = models.BigIntegerField()
    name = models.TextField()
    payload = models.JSONField()
    headers = models.JSONField(db_default=models.Value({}, models.JSONField()))
    occurred_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "outbox_event"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["stream", "seq"], name="outbox_event_stream_seq"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="outbox_event_seq_positive"),
        ]


class OutboxReady(models.Model):
    """An event that no relay has handed over yet. Small, so that finding work and settling it stay cheap."""

    pk = models.CompositePrimaryKey("stream", "seq")
    stream = models.TextField()
    seq = models.BigIntegerField()
    occurred_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "outbox_ready"


class OutboxRelay(models.Model):
    """How far a stream has been handed over, and which relay is at it."""

    stream = models.TextField(primary_key=True)
    relayed_seq = models.BigIntegerField(db_default=0)
    # {consumer: number of the last event handed to it}; a consumer gets only what it subscribes to.
    sent = models.JSONField(db_default=models.Value({}, models.JSONField()))
    lease = models.UUIDField(null=True)  # made anew at each claim: a relay whose lease was taken over cannot write back
    leased_until = models.DateTimeField(null=True)
    claims = models.SmallIntegerField(
        db_default=0
    )  # since it was last handed over; many mean that handlers kill the process
    # Handed to a broker, and the consumers have not all been seen to have it: then since when.
    unconfirmed_since = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_relay"
        indexes: ClassVar = [
            models.Index(
                fields=["unconfirmed_since"],
                name="outbox_relay_unconfirmed",
                condition=Q(unconfirmed_since__isnull=False),
            ),
        ]


class InboxStream(models.Model):
    """How far this module has received a stream of another: each event up to `position` is handled or stored here."""

    pk = models.CompositePrimaryKey("source", "key")
    source = models.TextField()
    key = models.TextField()
    position = models.BigIntegerField(db_default=0)
    # True: later events wait behind a failed one. A stream with stored events but not blocked has holes before them.
    blocked = models.BooleanField(db_default=False)
    stored = models.BooleanField(db_default=False)  # there are waiting, failed or early events in `inbox_event`
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_stream"
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], name="inbox_stream_due", condition=Q(next_attempt_at__isnull=False)
            ),
        ]


class InboxEvent(models.Model):
    """An event that could not be handled when it came, kept until it is."""

    class State(models.TextChoices):
        EARLY = "early"  # events before it are still to come
        WAITING = "waiting"  # an earlier one of its key failed, or it is about to be tried
        FAILED = "failed"  # will be tried again
        DEAD = "dead"  # its attempts are used up: replay or skip it
        PARKED = "parked"  # nobody here handles events of this name; the key went on

    pk = models.CompositePrimaryKey("source", "key", "seq")
    source = models.TextField()
    key = models.TextField()
    seq = models.BigIntegerField()
    previous = models.BigIntegerField()  # the number of the event before it that was meant for this module
    id = models.UUIDField()
    name = models.TextField()
    envelope = models.JSONField()
    state = models.TextField(choices=State.choices)
    attempts = models.SmallIntegerField(db_default=0)
    error = models.TextField(db_default="")
    blocks = models.BooleanField(db_default=False)  # nothing behind it in its key is handled before it is
    received_at = models.DateTimeField(db_default=Now())
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_event"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["early", "waiting", "failed", "dead", "parked"]), name="inbox_event_state"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="inbox_event_id"),
            models.Index(fields=["name"], name="inbox_event_dead", condition=Q(state__in=["dead", "parked"])),
        ]
