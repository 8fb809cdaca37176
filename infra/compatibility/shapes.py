"""Whether what one side writes can be read by the other, told from two descriptions: JSON Schema, as OpenAPI 3.1 has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]

_TYPE_OF_VALUE = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
_UPPER_LIMITS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER_LIMITS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")


class Trouble(StrEnum):
    """Why a reader cannot take what a writer may write."""

    LOST = "lost"  # a field is there no more
    MISSING = "missing"  # the reader needs a field that the writer may leave out
    TYPE = "type"
    NULL = "null"
    MEMBERS = "members"  # values of an enumeration
    LIMITS = "limits"
    DEFAULT = "default"  # what a left-out field stands for


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where reading fails or means something else."""

    place: str  # "lines[].sku"
    trouble: Trouble
    old: str  # what was, and
    new: str  # what is there instead, in words


@dataclass(frozen=True, slots=True)
class Side:
    """A schema, and the document that its references point into."""

    document: Schema
    schema: Schema


def mismatches(old: Side, new: Side, *, old_writes: bool, place: str = "", leaves_out: bool = True) -> list[Mismatch]:
    """Return every place where one side writes what the other cannot read.

    Args:
        old_writes: the released side writes and today's reads (arguments, requests, stored events); otherwise the other
            way round (answers, events to hearers that were built before).
        leaves_out: a writer leaves out fields that are not required. Ours do not: they write every field, and a default
            is for readers.
    """
    walk = _Walk(old.document, new.document, old_writes=old_writes, leaves_out=leaves_out)
    return list(dict.fromkeys(walk.compare(old.schema, new.schema, place)))


class _Walk:
    def __init__(self, old: Schema, new: Schema, *, old_writes: bool, leaves_out: bool) -> None:
        self._old = old
        self._new = new
        self._old_writes = old_writes
        self._leaves_out = leaves_out
        self._open: set[tuple[int, int]] = set()

    def compare(self, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        yield from self._compare(_kinds(self._old, old), _kinds(self._new, new), place)

    def _compare(self, old: dict[str, Schema], new: dict[str, Schema], place: str) -> Iterator[Mismatch]:
        writer, reader = (old, new) if self._old_writes else (new, old)
        if "any" in reader:
            return
        for kind in writer:
            other = "number" if kind == "integer" and kind not in reader else kind
            if other in reader:
                before, after = (kind, other) if self._old_writes else (other, kind)
                yield from self._compare_kind(kind, old[before], new[after], place)
            elif kind == "null":
                yield Mismatch(place, Trouble.NULL, _words(old), _words(new))
            else:
                yield Mismatch(place, Trouble.TYPE, _words(old), _words(new))

    def _compare_kind(self, kind: str, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        if kind == "object":
            pair = id(old.get("properties")), id(new.get("properties"))
            if pair not in self._open:  # it is in itself, where a type holds itself
                self._open.add(pair)
                yield from self._compare_objects(old, new, place)
                self._open.discard(pair)
        elif kind == "array":
            yield from self.compare(old.get("items", {}), new.get("items", {}), f"{place}[]")
            yield from self._compare_limits(old, new, place)
        else:
            yield from self._compare_values(old, new, place)

    def _compare_values(self, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        writer, reader = (old, new) if self._old_writes else (new, old)
        if "enum" in reader:
            tolerant = reader.get("x-tolerant") and not self._old_writes
            if "enum" not in writer:
                yield Mismatch(place, Trouble.TYPE, _words({"": old}), _words({"": new}))
            elif not tolerant and (unknown := [value for value in writer["enum"] if value not in reader["enum"]]):
                words = ", ".join(map(str, sorted(unknown, key=str)))
                yield Mismatch(place, Trouble.MEMBERS, words, words)
            return
        # The formats of numbers (int64) are hints on storage.
        format_ = reader.get("format")
        if format_ != writer.get("format") and format_ and reader.get("type") == "string" and "enum" not in writer:
            yield Mismatch(place, Trouble.TYPE, _words({"": old}), _words({"": new}))
        if "enum" not in writer:
            yield from self._compare_limits(old, new, place)

    def _compare_limits(self, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        if not self._old_writes:
            return  # who reads an answer does not turn it away for being long
        for limits, sign in ((_UPPER_LIMITS, 1), (_LOWER_LIMITS, -1)):
            for limit in limits:
                before, after = old.get(limit), new.get(limit)
                if after is None or (after == 0 and limit.startswith("min") and limit != "minimum"):
                    continue
                if before is None or after * sign < before * sign:
                    yield Mismatch(place, Trouble.LIMITS, f"{limit} {before}", f"{limit} {after}")
        if new.get("pattern") not in (None, old.get("pattern")):
            yield Mismatch(place, Trouble.LIMITS, f"pattern {old.get('pattern')}", f"pattern {new['pattern']}")

    def _compare_objects(self, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        before: Schema = old.get("properties", {})
        after: Schema = new.get("properties", {})
        yield from self._compare_mappings(old, new, place)
        for name in before:
            if name not in after:
                yield Mismatch(_join(place, name), Trouble.LOST, _words(_kinds(self._old, before[name])), "nothing")
        for name in before.keys() & after.keys():
            yield from self.compare(before[name], after[name], _join(place, name))
        writer, reader = (old, new) if self._old_writes else (new, old)
        left_out = set(reader.get("required", ())) - set(writer.get("required", ()))
        for name in sorted(left_out & after.keys()):
            if self._leaves_out or name not in writer.get("properties", {}):
                known = "optional" if name in before else "not there"
                words = (known, "required") if self._old_writes else ("required", "optional")
                yield Mismatch(_join(place, name), Trouble.MISSING, *words)
        if self._old_writes:
            for name in sorted(before.keys() & after.keys()):
                was, is_ = (_target(root, schema) for root, schema in self._both(before[name], after[name]))
                if "default" in was and "default" in is_ and was["default"] != is_["default"]:
                    yield Mismatch(_join(place, name), Trouble.DEFAULT, repr(was["default"]), repr(is_["default"]))

    def _both(self, old: Schema, new: Schema) -> tuple[tuple[Schema, Schema], tuple[Schema, Schema]]:
        return (self._old, old), (self._new, new)

    def _compare_mappings(self, old: Schema, new: Schema, place: str) -> Iterator[Mismatch]:
        before, after = _values_of(old), _values_of(new)
        if before is not None and after is not None:
            yield from self.compare(before, after, f"{place}{{}}")
            yield from self.compare(_keys_of(old), _keys_of(new), f"{place}{{key}}")
        elif (before is None) != (after is None) and (old.get("properties") or new.get("properties")):
            yield Mismatch(place, Trouble.TYPE, _object_words(old), _object_words(new))


def _keys_of(schema: Schema) -> Schema:
    keys: Schema = schema.get("propertyNames", {"type": "string"})
    return keys


def _values_of(schema: Schema) -> Schema | None:
    values = schema.get("additionalProperties")
    return values if isinstance(values, Mapping) else None


def _target(document: Schema, schema: Schema) -> Schema:
    """Return what a reference stands for; words beside the reference count, too."""
    beside: dict[str, Any] = {}
    while "$ref" in schema:
        beside = {**{key: value for key, value in schema.items() if key != "$ref"}, **beside}
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return {**schema, **beside} if beside else schema


def _kinds(document: Schema, schema: Schema) -> dict[str, Schema]:
    """Return what a value may be, by JSON type; `any` where everything goes."""
    schema = _target(document, schema)
    if parts := schema.get("allOf"):
        return _kinds(document, _merged([*(_target(document, part) for part in parts), {**schema, "allOf": ()}]))
    found: dict[str, Schema] = {}
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        for part in parts:
            for kind, inner in _kinds(document, part).items():
                found[kind] = _either(found[kind], inner) if kind in found else inner
        return found
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    if "enum" in schema:
        values = schema["enum"]
        for kind in dict.fromkeys(_TYPE_OF_VALUE[type(value)] for value in values):
            found[kind] = {**schema, "enum": [value for value in values if _TYPE_OF_VALUE[type(value)] == kind]}
        return found
    type_ = schema.get("type") or _implied(schema)
    return {kind: {**schema, "type": kind} for kind in ([type_] if isinstance(type_, str) else type_)}


def _implied(schema: Schema) -> str:
    if "properties" in schema or isinstance(schema.get("additionalProperties"), Mapping):
        return "object"
    return "array" if "items" in schema else "any"


def _either(one: Schema, other: Schema) -> Schema:
    """Return the wider of two schemas of the same JSON type; of two that differ otherwise, what both have."""
    if "enum" in one and "enum" in other:
        return {**one, "enum": [*one["enum"], *other["enum"]]}
    if "enum" in one or "enum" in other:
        return other if "enum" in one else one
    return {key: value for key, value in one.items() if other.get(key) == value} | {"type": one["type"]}


def _merged(parts: Iterable[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    for part in parts:
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = sorted({*merged.get("required", ()), *part.get("required", ())})
        merged |= part
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
    merged.pop("allOf", None)
    return merged


def _words(kinds: Mapping[str, Schema]) -> str:
    return " or ".join(_one_word(kind, schema) for kind, schema in kinds.items())


def _one_word(kind: str, schema: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if kind == "object":
        return _object_words(schema)
    return str(schema.get("format") if schema.get("type") == "string" and "format" in schema else schema.get("type"))


def _object_words(schema: Schema) -> str:
    return "mapping" if _values_of(schema) is not None else "object"


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
