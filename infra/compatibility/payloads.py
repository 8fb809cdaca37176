"""Bytes as they travel, recorded with each release and read again by every later version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from infra.compatibility.changes import Change, Effect
from infra.compatibility.descriptions import members_of
from infra.compatibility.examples import invented, sparse, typical
from infra.compatibility.rules import PAYLOAD
from infra.contracts.codec import encode_plain
from infra.contracts.declaration import Contract, Method
from infra.contracts.execution import DeclaredError, declared_error
from infra.errors import DomainError
from infra.events.declaration import Event, format_of

INVENTED = 5  # of each part, besides a typical and a sparse one
Recording = list[tuple[str, bytes]]  # part ("offers arguments", "payload"), bytes


def record_contract(contract: Contract) -> Recording:
    """Return payloads of every method: arguments, answers, declared errors."""
    recording: Recording = []
    for name, method in contract.methods.items():
        result = method.signature.return_annotation
        recording += [(f"{name} arguments", method.arguments.encode(value)) for value in _values(method.parameters)]
        recording += [(f"{name} result", method.result.encode(value)) for value in _values(result)]
        recording += [(f"{name} error", body) for body in _errors(method)]
    return recording


def record_event(event: type[Event]) -> Recording:
    """Return payloads of an event, as they stand in an outbox."""
    return [("payload", format_of(event.name).encode(value)) for value in _values(event)]


def replay_contract(contract: Contract, recording: Recording, known: set[str]) -> list[Change]:
    """Return what of a recording is no longer read as it was.

    Args:
        known: parts ("catalog.v1 offers result") whose description has changed so that payloads need not be read any more;
            that is said once, in words, and not again for each payload.
    """
    changes = []
    for part, body in recording:
        name, _, what = part.partition(" ")
        method = contract.methods.get(name)
        if method is None or f"{method} {what}" in known:
            continue
        problem = _problem(body, _readers(method)[what])
        if problem:
            changes.append(_unread(f"{method}", what, body, problem))
    return changes


def replay_event(event: type[Event], recording: Recording) -> list[Change]:
    """Return what of a recording is no longer read as it was."""
    format_ = format_of(event.name)

    def again(body: bytes) -> bytes:
        read = format_.decode(body)
        format_.key_of(read)
        return format_.encode(read)

    return [_unread(event.name, part, body, problem) for part, body in recording if (problem := _problem(body, again))]


def as_lines(recording: Recording) -> str:
    """Return a recording as it is committed: one payload per line, behind its part and a tab."""
    return "".join(f"{part}\t{body.decode()}\n" for part, body in recording)


def from_lines(text: str) -> Recording:
    # JSON escapes line feeds and tabs; other line separators are part of it.
    return [(part, body.encode()) for part, _, body in (line.partition("\t") for line in text.split("\n") if line)]


def _values(type_: Any) -> list[Any]:
    values = [typical(type_), sparse(type_), *invented(type_, INVENTED)]
    return [value for number, value in enumerate(values) if value not in values[:number]]


def _errors(method: Method) -> Iterator[bytes]:
    for code, error in method.errors.items():
        yield encode_plain(DeclaredError(code=code, detail=error.title(), members={}))
        if names := members_of(error):
            members = {name: [{"code": "one"}, "two", 3, None] for name in names}  # their types are not declared
            yield encode_plain(DeclaredError(code=code, detail=error.title(), members=members))


def _readers(method: Method) -> dict[str, Callable[[bytes], bytes]]:
    def arguments(body: bytes) -> bytes:
        # As keyword arguments for the implementation, with those that were left out.
        return encode_plain(msgspec.structs.asdict(method.arguments.decode(body)))

    def error(body: bytes) -> bytes:
        read: DomainError = declared_error(method, body)
        return encode_plain(DeclaredError(code=read.code, detail=read.detail, members=read.members))

    return {
        "arguments": arguments,
        "result": lambda body: method.result.encode(method.result.decode(body)),
        "error": error,
    }


def _problem(body: bytes, again: Callable[[bytes], bytes]) -> str:
    try:
        written = again(body)
    except Exception as error:  # noqa: BLE001 - whatever it is, it would be raised in a running shop
        return str(error)
    return _lost(msgspec.json.decode(body), msgspec.json.decode(written), "")


def _lost(old: Any, new: Any, place: str) -> str:
    """Return where a value that was read and written again says something else; more fields are nothing else."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name not in new:
                return f"`{place}{name}` gets lost"
            if problem := _lost(value, new[name], f"{place}{name}."):
                return problem
        return ""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return next(
            (p for number, pair in enumerate(zip(old, new, strict=True)) if (p := _lost(*pair, f"{place}{number}."))),
            "",
        )
    same = old == new and isinstance(old, bool) == isinstance(new, bool)
    return "" if same else f"`{place.rstrip('.')}` was {old!r} and is read as {new!r}"


def _unread(subject: str, part: str, body: bytes, problem: str) -> Change:
    text = body.decode()
    sentence = (
        f"{subject}, {part}: {problem}. The recorded payload is {text if len(text) < 400 else text[:400] + '...'}"
    )
    place = f"{part} {hashlib.sha256(body).hexdigest()[:8]}"
    return Change(effect=Effect.BREAKING, rule=PAYLOAD, subject=subject, place=place, sentence=sentence)
