"""What modules hold in memory: another's models and internals, by whatever import, name or string they came there."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from django.db.models import Manager, Model, QuerySet
from django.views import View

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each name in a module's code that stands for something of another module."""
    for owner, module_name, module in territory.loaded():
        for name, value in tuple(vars(module).items()):
            yield from _held(territory, owner, f"{module_name}.{name}", value, module, name)
            if isinstance(value, type) and value.__module__ == module_name:
                yield from _in_class(territory, owner, value)


def _in_class(territory: Territory, owner: str, thing: type) -> Iterator[Finding]:
    for base in thing.__mro__[1:]:
        yield from _held(territory, owner, dotted_name(thing), base, thing, "") if not _is_model(base) else ()
    if not issubclass(thing, Model | View):  # which have rules of their own
        for name, value in tuple(vars(thing).items()):
            yield from _held(territory, owner, f"{dotted_name(thing)}.{name}", value, thing, name)


def _held(territory: Territory, owner: str, source: str, value: Any, at: object, name: str) -> Iterator[Finding]:
    rule: Rule | None = None
    target = ""
    model = value.model if isinstance(value, Manager | QuerySet) else value
    if _is_model(model):
        if territory.reaches(owner, model):
            other = territory.owner_of_model(model)
            target = model._meta.label
            if territory.is_module(other):
                rule = rules.MODEL_HELD
            elif territory.is_module(owner):
                rule = rules.PLATFORM_MODEL_HELD
    elif territory.is_module(owner):
        # Of any other object its class tells.
        thing: Any = value if isinstance(value, type | FunctionType | ModuleType) else type(value)
        place = thing.__name__ if isinstance(thing, ModuleType) else thing.__module__
        other = territory.owner_of(place or "")
        if territory.is_module(other) and other != owner and not territory.is_public(place):
            rule, target = rules.INTERNALS_HELD, dotted_name(thing)
    if rule is not None:
        yield territory.finding(
            rule,
            owner=owner,
            source=source,
            target=target,
            detail=f"{source} holds {target} of {territory.named(other)}.",
            at=at,
            line_of=name,
        )


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Model) and hasattr(value, "_meta")
