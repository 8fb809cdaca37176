"""The public API against its released descriptions (OpenAPI 3.1): additions are fine, and what goes was announced.

There is no well-kept comparison of OpenAPI documents for Python (the good ones are programs in Go and Java), and our contracts
need the same rules on the same JSON Schema; so both are compared by `shapes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.rules import Rule
from infra.compatibility import rules
from infra.compatibility.changes import Change, Effect, sentence_for
from infra.compatibility.checking import finding_since, stale_finding
from infra.compatibility.descriptions import Document, as_text
from infra.compatibility.releases import Shelf
from infra.compatibility.shapes import Side, mismatches
from infra.http.deprecation import SUNSET

SUBJECT = "openapi"
_WAYS_OUT = {
    rules.API.id: "keep it, and add what is new beside it, at a new path (/api/v2/) where it must.",
    rules.NOTICE.id: "put it back, mark it `@deprecated`, release that, and remove it after the sunset.",
}
Parameters = dict[tuple[str, str], Document]  # by kind and name
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def describe_api(urlconf: str) -> Document:
    """Return the OpenAPI document of everything under /api, the same on every machine."""
    from drf_spectacular.generators import SchemaGenerator

    generator: Any = SchemaGenerator
    document: Document = json.loads(json.dumps(generator(urlconf=urlconf).get_schema(request=None, public=True)))
    document["info"]["title"] = "API"  # the shop's name is a setting
    return document


def check_api(folder: Path, document: Document, *, today: date) -> list[Finding]:
    """Return what breaks the clients of a released API, and whether the committed description is out of date.

    Args:
        folder: of the descriptions, in the package that composes the API of all modules' parts and answers for it.
    """
    owner = folder.parent.name
    shelf = Shelf(folder)
    committed = shelf.committed(SUBJECT)
    file = shelf.present_file(SUBJECT)
    findings = []
    if committed != as_text(document):
        findings.append(stale_finding(owner, file, "The API", exists=committed is not None, declared=True))
    for release in shelf.releases(SUBJECT):
        for change in api_changes(release.document, document, today=today):
            detail = f"{change.sentence} That breaks clients of release {release.name}: {_WAYS_OUT[change.rule.id]}"
            target = f"{change.place or 'all of it'} as released {release.name}"
            findings.append(finding_since(owner, change.rule, (change.subject, target), detail, release.file, 0))
    return in_order(findings)


def api_changes(old: Document, new: Document, *, today: date) -> list[Change]:
    """Return what in an API breaks clients that were written for its released description `old`."""
    changes: list[Change] = []
    there = {_shape(path): (path, item) for path, item in new["paths"].items()}
    for path, item in old["paths"].items():
        now_path, now = there.get(_shape(path), (path, {}))
        for method in (method for method in _METHODS if method in item):
            subject = f"{method.upper()} {path}"
            before, after = item[method], now.get(method)
            if after is None:
                changes += _gone(subject, before, today)
                continue
            names = dict(zip(_placeholders(path), _placeholders(now_path), strict=True))
            parameters = _parameters(old, item, before, names), _parameters(new, now, after, {})
            changes += _compare_parameters(subject, old, new, *parameters)
            changes += _compare_bodies(subject, old, new, before, after)
            changes += _compare_answers(subject, old, new, before, after)
            changes += _compare_security(subject, before, after)
    return changes


def _gone(subject: str, released: Document, today: date) -> Iterator[Change]:
    sunset = released.get(SUNSET)
    if not released.get("deprecated") or sunset is None:
        yield _broken(subject, "", f"{subject} is gone, and no release said that it would.", rules.NOTICE)
    elif date.fromisoformat(sunset) > today:
        yield _broken(subject, "", f"{subject} is gone before its sunset ({sunset}).", rules.NOTICE)


def _compare_parameters(
    subject: str, old: Document, new: Document, before: Parameters, after: Parameters
) -> Iterator[Change]:
    for key, parameter in before.items():
        what = f"{key[0]} parameter `{key[1]}`"
        if key not in after:
            yield _broken(subject, what, f"{subject}: the {what} is gone.")
            continue
        if after[key].get("required") and not parameter.get("required"):
            yield _broken(subject, what, f"{subject}: the {what} is required now.")
        yield from _compare(subject, what, Side(old, parameter["schema"]), Side(new, after[key]["schema"]), sent=True)
    for key in after.keys() - before.keys():
        if after[key].get("required"):
            what = f"{key[0]} parameter `{key[1]}`"
            yield _broken(subject, what, f"{subject}: the {what} is new and required.")


def _compare_bodies(subject: str, old: Document, new: Document, before: Document, after: Document) -> Iterator[Change]:
    was, is_ = _target(old, before.get("requestBody")), _target(new, after.get("requestBody"))
    if "requestBody" in before and "requestBody" not in after:
        yield _broken(subject, "body", f"{subject} takes no body any more.")
    elif is_.get("required") and not was.get("required"):
        yield _broken(subject, "body", f"{subject} needs a body now.")
    else:
        yield from _compare_content(subject, "body", Side(old, was), Side(new, is_), sent=True)


def _compare_answers(subject: str, old: Document, new: Document, before: Document, after: Document) -> Iterator[Change]:
    for status, answer in before["responses"].items():
        was, is_ = _target(old, answer), _target(new, after["responses"].get(status))
        if status in after["responses"]:
            yield from _compare_content(subject, status, Side(old, was), Side(new, is_), sent=False)
            for name in was.get("headers", {}).keys() - is_.get("headers", {}).keys():
                yield _broken(subject, f"{status} {name}", f"{subject}, {status}: the header {name} is gone.")
        elif status < "400":  # a refusal that no longer comes hurts nobody
            now = ", ".join(sorted(code for code in after["responses"] if code < "400")) or "none"
            yield _broken(subject, status, f"{subject} answered with {status} and does no more (now: {now}).")


def _compare_content(subject: str, what: str, was: Side, is_: Side, *, sent: bool) -> Iterator[Change]:
    after = is_.schema.get("content", {})
    for media_type, content in was.schema.get("content", {}).items():
        if media_type not in after:
            yield _broken(subject, what, f"{subject}, {what}: {media_type} is gone.")
        elif "schema" in content:
            old, new = Side(was.document, content["schema"]), Side(is_.document, after[media_type].get("schema", {}))
            yield from _compare(subject, what, old, new, sent=sent)


def _compare(subject: str, what: str, old: Side, new: Side, *, sent: bool) -> Iterator[Change]:
    for mismatch in mismatches(old, new, old_writes=sent):
        sentence = f"{subject}, {what}: {sentence_for(mismatch, old_writes=sent)}"
        yield _broken(subject, f"{what} {mismatch.place}".strip(), sentence)


def _compare_security(subject: str, before: Document, after: Document) -> Iterator[Change]:
    was, is_ = ([frozenset(way) for way in side.get("security") or [{}]] for side in (before, after))
    for way in was:
        if not any(needed <= way for needed in is_):
            who = " and ".join(sorted(way)) or "nobody signed in"
            yield _broken(subject, f"security {who}", f"{subject} could be asked with {who}, and no longer can.")


def _parameters(document: Document, item: Document, operation: Document, names: Mapping[str, str]) -> Parameters:
    """Return parameters by kind and name; those in the path by today's names, which no client sees."""
    found: Parameters = {}
    for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
        parameter = _target(document, parameter)
        name = names.get(parameter["name"], parameter["name"]) if parameter["in"] == "path" else parameter["name"]
        found[parameter["in"], name] = parameter
    return found


def _target(document: Document, part: Document | None) -> Document:
    while part and "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part or {}


def _shape(path: str) -> str:
    """Two paths that differ in the names of their placeholders are the same to clients."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _placeholders(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def _broken(subject: str, place: str, sentence: str, rule: Rule = rules.API) -> Change:
    return Change(effect=Effect.BREAKING, rule=rule, subject=subject, place=place, sentence=sentence)
