"""Writing TOML for people: tables of strings, flags and lists, in a stable form. Reading it is `tomllib`'s work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

Value = str | bool | Sequence[str]
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 120


def table(name: str, values: Mapping[str, Value], *, repeated: bool = False) -> Iterator[str]:
    """Yield the lines of one table; a repeated one is an element of an array of tables."""
    dotted = ".".join(part if _BARE.fullmatch(part) else json.dumps(part) for part in name.split("."))
    yield f"[[{dotted}]]" if repeated else f"[{dotted}]"
    for key, value in values.items():
        yield f"{key if _BARE.fullmatch(key) else json.dumps(key)} = {_written(value, len(key))}"


def _written(value: Value, key_length: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's strings without escapes of other letters are TOML's basic strings.
        return json.dumps(value, ensure_ascii=False)
    items = [json.dumps(item, ensure_ascii=False) for item in value]
    on_one_line = f"[{', '.join(items)}]"
    if key_length + 3 + len(on_one_line) <= _WIDTH:
        return on_one_line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
