"""Changes of the record: compare-and-set, with a line of history and a call to every process, in one transaction."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from django.db import connections, transaction
from django.db.models.functions import Now

from infra.extraction.record.models import Change, ModuleRecord
from infra.extraction.record.values import CHANNEL, Where

ALIAS = "default"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('extraction record', 0))"


class RecordMoved(Exception):
    """Somebody changed the record since it was read; nothing was written."""


def read(module: str) -> Where:
    """Return what the record says of a module now."""
    row = ModuleRecord.objects.using(ALIAS).filter(pk=module).first()
    return _where(row) if row else Where(module=module)


def read_all() -> dict[str, Where]:
    """Return what the record says of every module that it knows."""
    return {row.module: _where(row) for row in ModuleRecord.objects.using(ALIAS).all()}


def change(before: Where, *, who: str, why: str, **fields: Any) -> Where:
    """Write new values over what was read, and return what stands then.

    Args:
        before: what the caller read and decided upon.
        fields: those of `Where` that change.

    Raises:
        RecordMoved: the row is at another revision. Read again and decide anew.
    """
    with transaction.atomic(using=ALIAS):
        with connections[ALIAS].cursor() as cursor:
            # One change at a time: revisions become visible in their order, so to act on one is to act on all before.
            cursor.execute(_LOCK)
        newest = Change.objects.using(ALIAS).order_by("-revision").values_list("revision", flat=True).first() or 0
        after = replace(before, **fields, revision=newest + 1)
        values = {name: value for name, value in _plain(after).items() if name != "module"}
        if before.revision:
            rows = ModuleRecord.objects.using(ALIAS).filter(pk=before.module, revision=before.revision)
            written = rows.update(**values, changed_at=Now())
        else:
            written = len(
                ModuleRecord.objects.using(ALIAS).bulk_create(
                    [ModuleRecord(module=before.module, **values, changed_at=Now())]
                )
                if not ModuleRecord.objects.using(ALIAS).filter(pk=before.module).exists()
                else []
            )
        if not written:
            now = read(before.module)
            raise RecordMoved(
                f"The record of {before.module} was read at revision {before.revision} and is at {now.revision}"
                f" ({now.phase}): somebody changed it meanwhile. Nothing was written; look again and repeat the command."
            )
        Change.objects.using(ALIAS).create(
            revision=after.revision,
            module=after.module,
            at=Now(),
            who=who,
            why=why,
            before=_plain(before) if before.revision else None,
            after=_plain(after),
        )
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(after.revision)])
    return after


def history(module: str, *, newest: int = 20) -> list[Change]:
    """Return the last changes of a module, newest first."""
    return list(Change.objects.using(ALIAS).filter(module=module).order_by("-revision")[:newest])


def _where(row: ModuleRecord) -> Where:
    return Where(
        module=row.module,
        phase=row.phase,
        epoch=row.epoch,
        addresses=row.addresses,
        shares=row.shares,
        hold=row.hold,
        database=row.database,
        revision=row.revision,
    )


def _plain(where: Where) -> dict[str, Any]:
    return asdict(where)
