"""Reading a file line by line, with sentences for what people's files suffer from."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from modules.catalog.use_cases.drafts import Problem, ProductDraft

# A line is one product at most, its description included; longer ones mean a file of another kind.
LONGEST_LINE_BYTES = 4_000_000


class Format(StrEnum):
    """What a file may hold."""

    AUTO = "auto"
    SHOPIFY = "shopify"
    JSONL = "jsonl"


class UnreadableFile(Exception):
    """The file as a whole cannot be imported; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A product as a file describes it. Where there are problems, there may be no draft."""

    line: int
    handle: str
    draft: ProductDraft | None
    problems: list[Problem] = field(default_factory=list)
    variants: int = 0


def format_of(path: Path, wanted: Format) -> Format:
    """Return the format of a file, by its name or else by its first character.

    Raises:
        UnreadableFile: it is not there, is empty, or is of a kind that is known but not read here.
    """
    if not path.exists():
        raise UnreadableFile(f"There is no file {path}.")
    if not path.is_file():
        raise UnreadableFile(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except PermissionError:
        raise UnreadableFile(f"{path} may not be read by this user.") from None
    if not start.strip():
        raise UnreadableFile(f"{path} is empty.")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableFile(f"{path} is UTF-16. Save it as UTF-8 (in Excel: CSV UTF-8).")
    if start.startswith(b"PK\x03\x04") or b"\x00" in start:
        raise UnreadableFile(f"{path} is no text file. Save the table as CSV (in Excel: CSV UTF-8).")
    first = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first == b"[" and wanted is not Format.SHOPIFY:
        raise UnreadableFile(
            f"{path} is one JSON list. JSON lines have one product per line, without brackets and commas around."
        )
    if wanted is not Format.AUTO:
        return wanted
    if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} or first == b"{":
        return Format.JSONL
    return Format.SHOPIFY


def lines_of(path: Path, *, encoding: str, read: Callable[[int], None] = lambda size: None) -> Iterator[str]:
    """Yield the lines of a file, ends included.

    Args:
        read: called with the bytes of each line.

    Raises:
        UnreadableFile: a line is in another encoding, or endless.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise UnreadableFile(f"{encoding} is no encoding that is known here; utf-8 and cp1252 are.") from None
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE_BYTES + 1):
            number += 1
            if len(line) > LONGEST_LINE_BYTES:
                raise UnreadableFile(
                    f"Line {number} has more than {LONGEST_LINE_BYTES} bytes; is this a list of products?"
                )
            read(len(line))
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFile(
                    f"Line {number} is not {encoding.upper()} (byte 0x{line[error.start]:02x}). Save the file as UTF-8"
                    " (in Excel: CSV UTF-8), or name its encoding, such as --encoding cp1252."
                ) from None
