"""Contracts and events described canonically, as JSON, from their declarations: the same code gives the same text.

The types are described by our own words of JSON Schema rather than by msgspec's, which says neither what the keys of a mapping
are nor that a text is an instant; and both may not change unseen.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import re
import types
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

from infra.contracts.allowed_types import resolved_hints
from infra.contracts.declaration import Contract, Method, declared_contracts
from infra.errors import DomainError
from infra.events.declaration import Event, declared

Document = dict[str, Any]

_PLAIN: Mapping[Any, Document] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    Decimal: {"type": "string", "format": "decimal"},
    types.NoneType: {"type": "null"},
}
_MEMBERS = re.compile(r"Members:(.*?)(?:\n\s*\n|\Z)", re.DOTALL)
_MEMBER = re.compile(r"`([a-z][a-z0-9_]*)`,")
_ASIDE = re.compile(r"\([^)]*\)")
_UNHEARD_OF = "a member that no version has"


def describe_contract(contract: Contract) -> Document:
    """Return everything that an asker relies on."""
    book = _Types()
    methods = {name: _describe_method(method, book) for name, method in contract.methods.items()}
    return {"contract": contract.wire_name, "methods": methods, "types": book.entries}


def describe_event(event: type[Event]) -> Document:
    """Return everything that a hearer relies on."""
    book = _Types()
    return {"event": event.name, "stream": event.stream, "payload": book.describe(event), "types": book.entries}


def hash_of(document: Document) -> str:
    """Return a short hash that is the same for the same description, however it is laid out."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def contract_hash(wire_name: str) -> str:
    """Return the hash of a declared contract or event: it changes exactly when something changes that others can notice.

    Raises:
        LookupError: nothing of that name is declared in this process.
    """
    for contract in declared_contracts():
        if contract.wire_name == wire_name:
            return hash_of(describe_contract(contract))
    if event := declared().get(wire_name):
        return hash_of(describe_event(event))
    raise LookupError(f"No contract or event named {wire_name} is declared in this process.")


def members_of(error: type[DomainError]) -> list[str]:
    """Return the names of an error's members, as its docstring gives them: "Members: `name`, what it is; `other`, ..."."""
    found = _MEMBERS.search(inspect.cleandoc(error.__doc__ or ""))
    return sorted(_MEMBER.findall(_ASIDE.sub("", found[1]))) if found else []


def as_text(document: Document) -> str:
    """Return a description as it is committed: one layout, sorted, readable in a difference."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _describe_method(method: Method, book: _Types) -> Document:
    parameters = method.signature.parameters.values()
    return {
        "kind": method.kind,
        "key": method.key,
        "timeout_seconds": method.timeout_seconds,
        "arguments": {
            "type": "object",
            "properties": {
                parameter.name: _with_default(book.describe(parameter.annotation), parameter.default, parameter.empty)
                for parameter in parameters
            },
            "required": sorted(p.name for p in parameters if p.default is p.empty),
            "additionalProperties": False,  # an unknown argument is refused
        },
        "result": book.describe(method.signature.return_annotation),
        "errors": {
            code: {"status": error.status, "members": members_of(error)} for code, error in method.errors.items()
        },
    }


class _Types:
    """Describes types, each named one once."""

    def __init__(self) -> None:
        self.entries: dict[str, Document] = {}
        self._names: dict[type, str] = {}

    def describe(self, type_: Any) -> Document:
        origin, arguments = get_origin(type_), get_args(type_)
        if type_ in _PLAIN:
            return dict(_PLAIN[type_])
        if origin in (Union, types.UnionType):
            (inner,) = (member for member in arguments if member is not types.NoneType)
            return {"anyOf": [self.describe(inner), {"type": "null"}]}
        if origin in (tuple, Collection):
            return {"type": "array", "items": self.describe(arguments[0])}
        if origin is Mapping:
            return {
                "type": "object",
                "propertyNames": dict(_PLAIN[arguments[0]]),
                "additionalProperties": self.describe(arguments[1]),
            }
        return {"$ref": f"#/types/{self._name_of(type_)}"}

    def _name_of(self, class_: type) -> str:
        if class_ not in self._names:
            name = class_.__name__
            while name in self.entries:
                name += "_"
            self._names[class_] = name
            self.entries[name] = {}  # a type may hold itself
            self.entries[name] = _describe_enum(class_) if issubclass(class_, StrEnum) else self._describe_class(class_)
        return self._names[class_]

    def _describe_class(self, class_: Any) -> Document:
        hints = resolved_hints(class_, class_.__name__)
        fields = [field for field in dataclasses.fields(class_) if get_origin(hints[field.name]) is not ClassVar]
        return {
            "type": "object",
            "properties": {field.name: self._describe_field(field, hints[field.name]) for field in fields},
            "required": sorted(
                field.name
                for field in fields
                if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            ),
        }

    def _describe_field(self, field: dataclasses.Field[Any], hint: Any) -> Document:
        made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        return _with_default(self.describe(hint), made, dataclasses.MISSING)


def _describe_enum(class_: type[StrEnum]) -> Document:
    described: Document = {"type": "string", "enum": sorted(member.value for member in class_)}
    if is_tolerant(class_):
        described["x-tolerant"] = True
    return described


def is_tolerant(class_: type[StrEnum]) -> bool:
    """Return whether readers survive a member that they do not know: `_missing_` gives them one for it."""
    try:
        msgspec.convert(_UNHEARD_OF, class_)
    except msgspec.ValidationError:
        return False
    return True


def _with_default(schema: Document, default: Any, none: Any) -> Document:
    return schema if default is none else {**schema, "default": msgspec.to_builtins(default)}
