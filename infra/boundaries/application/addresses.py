"""Addresses and their names: who answers where."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import LocalePrefixPattern, URLPattern, URLResolver, get_resolver

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, code_of, dotted_name
from infra.boundaries.findings import Finding

_VARIABLE = re.compile(r"[<(\[\\*+?$|]")


class Address(NamedTuple):
    """One address of the project."""

    path: str  # with a slash in front, up to its first variable part
    shown: str
    namespace: str  # of the innermost include, with those around it
    name: str | None
    view: object  # the class or function that answers


def all_addresses() -> Iterator[Address]:
    """Yield every address of the project, in the order in which they are tried."""
    if getattr(settings, "ROOT_URLCONF", None):
        yield from _walk(get_resolver().url_patterns, "/", ())


def check(territory: Territory) -> Iterator[Finding]:
    """Yield addresses below another module's prefix, and names that two modules use."""
    names: dict[tuple[str, str | None], tuple[str, Address]] = {}
    namespaces: dict[str, dict[str, Address]] = defaultdict(dict)
    for address in all_addresses():
        owner = territory.owner_of_code(address.view)
        prefix, claimed = _claimed(territory, address.path)
        if owner and claimed and territory.crosses(owner, claimed):
            yield territory.finding(
                rules.ANOTHERS_ADDRESS,
                owner=owner,
                source=dotted_name(address.view),
                target=address.shown,
                detail=f"{address.shown} is below {prefix} of {claimed}, and code of {territory.named(owner)} answers it.",
                at=address.view,
            )
        if not owner:
            continue
        namespaces[address.namespace].setdefault(owner, address)
        if address.name and not address.namespace:
            first, earlier = names.setdefault(("", address.name), (owner, address))
            if territory.crosses(first, owner):
                yield _two(territory, owner, address, f"name {address.name}", first, earlier)
    for namespace, owners in namespaces.items():
        yield from _namespace(territory, namespace, owners)


def _namespace(territory: Territory, namespace: str, owners: dict[str, Address]) -> Iterator[Finding]:
    if not namespace:
        return
    named_after = next((part for part in reversed(namespace.split(":")) if territory.is_module(part)), None)
    first = named_after if named_after is not None else next(iter(owners))
    for owner, address in owners.items():
        if territory.crosses(first, owner):
            yield _two(territory, owner, address, f"namespace {namespace}", first, owners.get(first))


def _two(
    territory: Territory, owner: str, address: Address, target: str, first: str, earlier: Address | None
) -> Finding:
    return territory.finding(
        rules.URL_NAME,
        owner=owner,
        source=dotted_name(address.view),
        target=target,
        detail=f"{address.shown} of {territory.named(owner)} has the {target}, which is {territory.named(first)}'s"
        + (f" ({earlier.shown})." if earlier else "."),
        at=address.view,
    )


def _claimed(territory: Territory, path: str) -> tuple[str, str]:
    """Return the longest prefix of a manifest that a path is below, and whose it is."""
    best = ("", "")
    for manifest in territory.manifests.values():
        for prefix in manifest.url_prefixes:
            below = path == prefix or (prefix.endswith("/") and (path.startswith(prefix) or path == prefix[:-1]))
            if below and len(prefix) > len(best[0]):
                best = (prefix, manifest.name)
    return best


def _walk(patterns: Iterable[URLPattern | URLResolver], before: str, namespaces: tuple[str, ...]) -> Iterator[Address]:
    for pattern in patterns:
        text = "" if isinstance(pattern.pattern, LocalePrefixPattern) else str(pattern.pattern)
        shown = before + text.removeprefix("^").lstrip("/")
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern.url_patterns, shown, inner)
        else:
            path = _VARIABLE.split(shown.removesuffix("$"), maxsplit=1)[0].replace("\\", "")
            yield Address(path, shown, ":".join(namespaces), pattern.name, view_of(pattern.callback))


def view_of(callback: Any) -> object:
    """Return the class that a view function serves, or the function behind its decorators."""
    return getattr(callback, "view_class", None) or getattr(callback, "cls", None) or code_of(callback)
