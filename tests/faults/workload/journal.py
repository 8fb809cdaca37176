"""What clients meant to do and what they were answered, in an append-only file: the intent before, the answer after."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec


class Intent(msgspec.Struct, frozen=True, kw_only=True, tag="intent", omit_defaults=True):
    """Something that is about to be sent."""

    id: str
    at: float  # seconds since the workload began
    who: str
    operation: str
    method: str
    path: str
    key: str = ""  # its idempotency key; who repeats a request repeats the key
    body: str = ""  # a digest
    facts: dict[str, Any] = {}  # what the invariants need of the body


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, tag="answer", omit_defaults=True):
    """What came back. Status 0: nothing did, and whether it was done is unknown."""

    id: str
    at: float
    status: int
    seconds: float
    verdict: str  # "done", "refused" (by a rule of the shop), "failed", "forgiven" (failed under an announced fault)
    body: str = ""  # a digest
    facts: dict[str, Any] = {}  # what the invariants need of the answer
    detail: str = ""  # of everything but "done": why


class Operation(msgspec.Struct, frozen=True):
    """An intent with all its answers: several where the client had to ask again, none where it was cut off."""

    intent: Intent
    answers: tuple[Acknowledgement, ...]

    @property
    def done(self) -> Acknowledgement | None:
        """The last answer that said that it was done."""
        return next((answer for answer in reversed(self.answers) if answer.verdict == "done"), None)

    @property
    def refused(self) -> bool:
        """Whether a rule of the shop was the last word."""
        return bool(self.answers) and self.answers[-1].verdict == "refused"


class Journal:
    """An open journal; may be written by many threads, and read while it is."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._encoder = msgspec.json.Encoder()
        self._lock = threading.Lock()
        self._intents: dict[str, Intent] = {}
        self._answers: dict[str, list[Acknowledgement]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def write(self, entry: Intent | Acknowledgement) -> None:
        """Append one entry. It is in the operating system's hands when this returns: a killed process has lost none."""
        with self._lock:
            os.write(self._file, self._encoder.encode(entry) + b"\n")
            _add(entry, self._intents, self._answers)

    def operations(self, name: str = "") -> list[Operation]:
        """Return all operations, or those of one name, in the order in which they were meant."""
        with self._lock:
            return [
                Operation(intent, tuple(self._answers.get(intent.id, ())))
                for intent in self._intents.values()
                if not name or intent.operation == name
            ]


def read(path: Path) -> Iterator[Operation]:
    """Yield the operations of a journal whose writer is gone; a last line that was cut off counts as not written."""
    intents: dict[str, Intent] = {}
    answers: dict[str, list[Acknowledgement]] = {}
    decoder = msgspec.json.Decoder(Intent | Acknowledgement)
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            _add(decoder.decode(line), intents, answers)
    for intent in intents.values():
        yield Operation(intent, tuple(answers.get(intent.id, ())))


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()[:16]


def _add(
    entry: Intent | Acknowledgement, intents: dict[str, Intent], answers: dict[str, list[Acknowledgement]]
) -> None:
    if isinstance(entry, Intent):
        intents[entry.id] = entry
    else:
        answers.setdefault(entry.id, []).append(entry)
