"""Accepted findings and the file that keeps them: one TOML file per module, written by a command, reviewed by people."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from infra.boundaries.findings import Identity

FILE = "boundaries.toml"
COMMAND = "python manage.py boundaries"
RECORDING = f"{COMMAND} --baseline"
_HEADER = """\
# What `{command}` finds in {module} and does not fail for, until the day named.
# Reasons, owners and days may be edited; what is fixed leaves with `{recording}`.
"""


class BaselineError(Exception):
    """A baseline cannot be read or written as asked; the message says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One finding that a module lives with until a day."""

    rule: str
    source: str
    target: str
    reason: str
    owner: str
    expires: date  # the last day on which it is accepted

    @property
    def identity(self) -> Identity:
        return Identity(self.rule, self.source, self.target)

    def is_over(self, today: date) -> bool:
        return today > self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one module lives with, and where that is written."""

    module: str
    file: Path  # which need not exist: a strict module has none
    accepted: tuple[Accepted, ...]


def read(module: str, file: Path, *, shown: str) -> Baseline:
    """Return a module's baseline; no file is an empty one.

    Args:
        shown: the file's name for people.

    Raises:
        BaselineError: the file is malformed; nothing of it is believed.
    """
    if not file.exists():
        return Baseline(module=module, file=file, accepted=())
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{shown} is not TOML: {error}") from error
    if unknown := sorted(set(document) - {"accepted"}):
        raise BaselineError(f"{shown} holds {', '.join(unknown)}; it may hold [[accepted]] entries only.")
    entries = document.get("accepted", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BaselineError(f"{shown}: write each entry below a line [[accepted]], with two brackets.")
    if not entries:
        raise BaselineError(f"{shown} accepts nothing: a module without findings has no such file. Delete it.")
    accepted = tuple(_entry(values, f"{shown}, entry {place}") for place, values in enumerate(entries, start=1))
    known: set[Identity] = set()
    for entry in accepted:
        if entry.identity in known:
            raise BaselineError(
                f"{shown} accepts {entry.rule} from {entry.source} to {entry.target} twice. Delete one."
            )
        known.add(entry.identity)
    return Baseline(module=module, file=file, accepted=accepted)


def write(baseline: Baseline, *, command: str = COMMAND, recording: str = RECORDING) -> None:
    """Write a baseline's file, or remove it when nothing is accepted any more.

    Args:
        command: what people type to look. recording: what they type to bring the file in line.
    """
    if not baseline.accepted:
        baseline.file.unlink(missing_ok=True)
        return
    text = written(baseline.module, baseline.accepted, command=command, recording=recording)
    baseline.file.write_text(text, encoding="utf-8")


def written(module: str, accepted: Iterable[Accepted], *, command: str = COMMAND, recording: str = RECORDING) -> str:
    """Return the file's text; entries are sorted, so that two people's changes meet without a conflict."""
    blocks = [
        "\n".join(["[[accepted]]", *(f"{name} = {_toml(getattr(entry, name))}" for name in _NAMES)])
        for entry in sorted(accepted, key=lambda entry: entry.identity)
    ]
    return _HEADER.format(module=module, command=command, recording=recording) + "\n" + "\n\n".join(blocks) + "\n"


_NAMES = tuple(field.name for field in fields(Accepted))


def _entry(values: dict[str, Any], where: str) -> Accepted:
    if missing := [name for name in _NAMES if name not in values]:
        raise BaselineError(f"{where} lacks {', '.join(missing)}.")
    if unknown := sorted(set(values) - set(_NAMES)):
        raise BaselineError(
            f"{where} has {', '.join(unknown)}, which means nothing here; known are {', '.join(_NAMES)}."
        )
    for name in _NAMES[:-1]:
        # What is too large or too slow in itself reaches nothing: its finding has no target.
        if not isinstance(values[name], str) or not (values[name].strip() or name == "target"):
            raise BaselineError(f'{where}: {name} is a text that says something: {name} = "...".')
    if not isinstance(values["expires"], date) or isinstance(values["expires"], datetime):
        raise BaselineError(f"{where}: expires is a day without quotes, like 2027-01-31.")
    return Accepted(**values)


def _toml(value: str | date) -> str:
    # JSON's strings are TOML's basic strings, but for one character that TOML wants escaped.
    return (
        value.isoformat()
        if isinstance(value, date)
        else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    )
