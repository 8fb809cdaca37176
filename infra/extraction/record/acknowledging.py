"""Who acts on which revision: each process says so in a row with a lease, and the controller waits for all of them."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models.functions import Now

from infra.extraction.record.changing import ALIAS
from infra.extraction.record.models import Acknowledgement

LEASE = timedelta(
    seconds=5
)  # a process that is silent for longer does not act on the record any more: see `following.py`
_POLL_SECONDS = 0.01


class NotAcknowledged(Exception):
    """Live processes still act on an older revision."""


def acknowledge(process: str, revision: int, *, lease: timedelta = LEASE) -> None:
    """Say that this process acts on `revision`, and will ask again before the lease has run out."""
    Acknowledgement.objects.using(ALIAS).bulk_create(
        [Acknowledgement(process=process, revision=revision, lease_until=Now() + lease)],
        update_conflicts=True,
        unique_fields=["process"],
        update_fields=["revision", "lease_until"],
    )


def withdraw(process: str) -> None:
    """Say that this process acts on nothing any more."""
    Acknowledgement.objects.using(ALIAS).filter(pk=process).delete()


def behind(revision: int) -> tuple[str, ...]:
    """Return the live processes that act on less."""
    late = Acknowledgement.objects.using(ALIAS).filter(revision__lt=revision, lease_until__gt=Now())
    return tuple(late.order_by("process").values_list("process", flat=True))


def await_acknowledged(revision: int, deadline: float) -> float:
    """Return, with the seconds it took, when each process acts on `revision` or has let its lease run out.

    Args:
        deadline: in seconds; no shorter than a lease, or one killed process is enough to miss it.

    Raises:
        NotAcknowledged: some still act on less; it names them.
    """
    began = time.monotonic()
    while late := behind(revision):
        if time.monotonic() - began > deadline:
            raise NotAcknowledged(
                f"After {deadline:g} s {len(late)} processes have not acknowledged revision {revision}:"
                f" {', '.join(late[:5])}. They are alive and cannot read the record, or hang; look at their logs."
            )
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - began


def forget_the_dead(*, after: timedelta = timedelta(hours=1)) -> int:
    """Delete rows of processes that are long gone."""
    gone, _ = Acknowledgement.objects.using(ALIAS).filter(lease_until__lt=Now() - after).delete()
    return gone
