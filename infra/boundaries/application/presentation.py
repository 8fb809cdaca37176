"""Serializers, forms, filters and views that are made of another module's models or parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.views import View

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding

_PARTS = ("model", "queryset", "serializer_class", "form_class", "filterset_class")
_LISTS = ("permission_classes", "authentication_classes", "filter_backends", "throttle_classes", "renderer_classes")


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each class for requests and answers that takes from another module."""
    for owner, thing in territory.classes():
        if issubclass(thing, Model):
            continue
        yield from _meta_model(territory, owner, thing)
        yield from _fields(territory, owner, thing)
        if issubclass(thing, View):
            yield from _view(territory, owner, thing)


def _meta_model(territory: Territory, owner: str, thing: type) -> Iterator[Finding]:
    for options in (getattr(thing, "Meta", None), getattr(thing, "_meta", None)):
        model = getattr(options, "model", None)
        if territory.reaches(owner, model):
            assert model is not None  # it is a model: it reaches over a border
            yield territory.finding(
                rules.FOREIGN_META_MODEL,
                owner=owner,
                source=dotted_name(thing),
                target=model._meta.label,
                detail=f"{dotted_name(thing)} is made from {model._meta.label} of"
                f" {territory.named(territory.owner_of_model(model))}.",
                at=thing,
                line_of="model",
            )
            return


def _fields(territory: Territory, owner: str, thing: type) -> Iterator[Finding]:
    # rest_framework, then Django's forms.
    declared = getattr(thing, "_declared_fields", None) or getattr(thing, "base_fields", None)
    for name, field in declared.items() if isinstance(declared, dict) else ():
        for part in (field, getattr(field, "child", None), getattr(field, "child_relation", None)):
            if part is None:
                continue
            queryset = getattr(part, "queryset", None)
            model = getattr(queryset, "model", None)
            other = territory.owner_of_code(part)
            if territory.reaches(owner, model):
                assert model is not None
                target, detail = model._meta.label, f"takes its choices from {model._meta.label}"
            elif other and territory.crosses(owner, other):
                target, detail = dotted_name(part), f"is {dotted_name(part)} of {territory.named(other)}"
            else:
                continue
            yield territory.finding(
                rules.FOREIGN_FIELD,
                owner=owner,
                source=f"{dotted_name(thing)}.{name}",
                target=target,
                detail=f"The field {name} of {dotted_name(thing)} {detail}.",
                at=thing,
                line_of=name,
            )


def _view(territory: Territory, owner: str, thing: type) -> Iterator[Finding]:
    for attribute, part in _parts_of(thing):
        model = getattr(part, "model", part)  # of a queryset, or itself
        other = territory.owner_of_code(part) if isinstance(part, type) else ""
        if territory.reaches(owner, model):
            target = model._meta.label
        elif other and territory.crosses(owner, other) and not isinstance(part, str):
            target = dotted_name(part)
        elif isinstance(part, str) and (other := territory.owner_of_label(part.partition("/")[0])):
            if not territory.crosses(owner, other):
                continue
            target = f"template {part}"
        else:
            continue
        yield territory.finding(
            rules.FOREIGN_VIEW_PART,
            owner=owner,
            source=f"{dotted_name(thing)}.{attribute}",
            target=target,
            detail=f"{attribute} of the view {dotted_name(thing)} is {target}.",
            at=thing,
            line_of=attribute,
        )


def _parts_of(thing: type) -> Iterator[tuple[str, Any]]:
    for attribute in _PARTS:
        if (part := vars(thing).get(attribute)) is not None:
            yield attribute, part
    for attribute in _LISTS:
        parts = vars(thing).get(attribute)
        for part in parts if isinstance(parts, list | tuple) else ():
            yield attribute, part
    if isinstance(template := vars(thing).get("template_name"), str) and "/" in template:
        yield "template_name", template
