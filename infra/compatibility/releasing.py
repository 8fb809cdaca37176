"""Recording the present as released, and giving up releases that nothing runs any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.compatibility.api import SUBJECT, api_changes
from infra.compatibility.changes import Change, Effect
from infra.compatibility.checking import changes_since
from infra.compatibility.descriptions import Document
from infra.compatibility.modules import Offering, Subject
from infra.compatibility.payloads import Recording
from infra.compatibility.releases import Release, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One contract, event or API that can be released; `document` is None where it is declared no more."""

    shelf: Shelf
    subject: str
    document: Document | None
    record: Callable[[], Recording]
    changes: Callable[[Release], list[Change]]


def items_of(offering: Offering) -> list[Item]:
    """Return what a module has on offer, and what of its releases it has no more."""
    names = sorted({*offering.subjects, *offering.shelf.released_subjects()})
    return [_item(offering.shelf, name, offering.subjects.get(name)) for name in names]


def item_of_api(folder: Path, document: Document) -> Item:
    return Item(
        shelf=Shelf(folder),
        subject=SUBJECT,
        document=document,
        record=list,
        changes=lambda release: api_changes(release.document, document, today=datetime.now(tz=UTC).date()),
    )


def release(items: Iterable[Item], name: str) -> list[Path]:
    """Record what has changed since its last release under a new name; returns the files.

    Raises:
        ReleaseError: the name is none, or not later than the last one.
    """
    written = []
    for item in items:
        releases = item.shelf.releases(item.subject)
        if item.document is not None and (not releases or releases[-1].document != item.document):
            written.append(item.shelf.record(item.subject, name, item.document, item.record()))
    return written


def give_up_what_breaks(items: Sequence[Item], name: str, reason: str) -> list[Release]:
    """Hold those releases up no more that the present breaks, and note why; returns them."""
    given_up = [
        released
        for item in items
        for released in item.shelf.releases(item.subject)
        if any(change.effect is Effect.BREAKING for change in item.changes(released))
    ]
    shelves = {item.subject: item.shelf for item in items}
    for released in given_up:
        shelves[released.subject].give_up(released, f"{name} breaks {released.subject} {released.name}: {reason}")
    return given_up


def _item(shelf: Shelf, name: str, subject: Subject | None) -> Item:
    return Item(
        shelf=shelf,
        subject=name,
        document=subject.document if subject else None,
        record=subject.record if subject else list,
        changes=lambda released: changes_since(released, subject),
    )
