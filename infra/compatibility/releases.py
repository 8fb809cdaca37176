"""Where descriptions are kept: beside each module, what is and what was released.

    modules/catalog/compatibility/
        catalog.v1.json                                 the present, generated: `manage.py contracts write`
        catalog.stock_depleted.v1.json
        released/catalog.v1/2026-11-21.json             what others may have been built for: `manage.py contracts release`
        released/catalog.v1/2026-11-21.payloads         bytes as they travelled then

A release writes only what has changed since the one before. Every release that is there is held up, until it is deleted because
no process runs it any more.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from infra.compatibility.descriptions import Document, as_text
from infra.compatibility.payloads import Recording, as_lines, from_lines

FOLDER = "compatibility"
_RELEASE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,40}")


class ReleaseError(Exception):
    """A release cannot be recorded; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One released description."""

    name: str
    subject: str  # wire name
    document: Document
    file: Path

    @property
    def recording(self) -> Recording:
        file = _payloads_beside(self.file)
        return from_lines(file.read_text(encoding="utf-8")) if file.exists() else []


@dataclass(frozen=True, slots=True)
class Shelf:
    """The descriptions of one module, or those of the public API."""

    folder: Path

    def present_file(self, subject: str) -> Path:
        return self.folder / f"{subject}.json"

    def committed(self, subject: str) -> str | None:
        """Return the committed description of the present, as text."""
        file = self.present_file(subject)
        return file.read_text(encoding="utf-8") if file.exists() else None

    def leftovers(self, subjects: set[str]) -> list[Path]:
        """Return files that describe something that is not there."""
        return [file for file in sorted(self.folder.glob("*.json")) if file.name.removesuffix(".json") not in subjects]

    def write(self, documents: dict[str, Document]) -> list[Path]:
        """Bring the descriptions of the present up to date; returns the files that changed."""
        changed = []
        for subject, document in documents.items():
            if self.committed(subject) != (text := as_text(document)):
                self.folder.mkdir(parents=True, exist_ok=True)
                self.present_file(subject).write_text(text, encoding="utf-8")
                changed.append(self.present_file(subject))
        for file in self.leftovers(set(documents)):
            file.unlink()
            changed.append(file)
        return changed

    def released_subjects(self) -> list[str]:
        return sorted(folder.name for folder in (self.folder / "released").glob("*") if any(folder.glob("*.json")))

    def releases(self, subject: str) -> list[Release]:
        """Return what was released of a subject, oldest first."""
        files = sorted((self.folder / "released" / subject).glob("*.json"), key=lambda file: _in_order(file.stem))
        return [Release(name=file.stem, subject=subject, document=_read(file), file=file) for file in files]

    def record(self, subject: str, name: str, document: Document, recording: Recording) -> Path:
        """Record a release.

        Raises:
            ReleaseError: there is one of that name, or a later one.
        """
        if not _RELEASE_NAME.fullmatch(name):
            raise ReleaseError(f"{name!r} is no name of a release; write a date or a version, like 2026-11-21 or 1.4.")
        earlier = [release.name for release in self.releases(subject)]
        if earlier and _in_order(name) <= _in_order(earlier[-1]):
            raise ReleaseError(
                f"{subject} was released as {earlier[-1]} already, and {name} does not come after it;"
                f" give a later name: --name {earlier[-1]}.1"
            )
        file = self.folder / "released" / subject / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_text(document), encoding="utf-8")
        if recording:
            _payloads_beside(file).write_text(as_lines(recording), encoding="utf-8")
        return file

    def give_up(self, release: Release, note: str) -> None:
        """Hold a release up no more, and note why."""
        release.file.unlink()
        _payloads_beside(release.file).unlink(missing_ok=True)
        with (self.folder / "released" / "given-up.txt").open("a", encoding="utf-8") as notes:
            notes.write(f"{note}\n")


def _read(file: Path) -> Document:
    document: Document = json.loads(file.read_text(encoding="utf-8"))
    return document


def _payloads_beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}.payloads")


def _in_order(name: str) -> list[tuple[int, str]]:
    """1.10 comes after 1.9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]
