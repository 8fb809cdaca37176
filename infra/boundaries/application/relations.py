"""Relations of every kind that lead over a border, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Field, ForeignObject, ManyToManyField, Model

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, is_plumbing
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule

CONTENT_TYPE = "contenttypes.ContentType"


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each relation over a border, and each way back that it opens."""
    for owner, model in territory.models():
        if model._meta.auto_created:
            continue  # the table between: its relation is reported
        yield from _by_content_type(territory, owner, model)
        of_generic = {getattr(field, "ct_field", None) for field in model._meta.private_fields}
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            if field.name not in of_generic and isinstance(field, ForeignObject | ManyToManyField):
                yield from _relation(territory, owner, model, field)


def _relation(territory: Territory, owner: str, model: type[Model], field: Any) -> Iterator[Finding]:
    related = field.remote_field.model
    if not isinstance(related, str) and (is_plumbing(related) or getattr(field.remote_field, "parent_link", False)):
        return  # the plumbing stands in every schema; of inheritance its own rule tells
    target = related if isinstance(related, str) else related._meta.label
    other = territory.owner_of_label(target.partition(".")[0])
    source = f"{model._meta.label}.{field.name}"
    if territory.crosses(owner, other):
        rule = _rule_of(field, target)
        yield territory.finding(
            rule,
            owner=owner or other,
            source=source,
            target=target,
            detail=f"{type(field).__name__} {source} leads to {target} of {territory.named(other)}.",
            at=model,
            line_of=field.name,
        )
        yield from _way_back(territory, owner or other, model, field, related)
    through: Any = getattr(field.remote_field, "through", None)
    if through is not None and not isinstance(through, str) and not through._meta.auto_created:
        between = territory.owner_of_model(through)
        if territory.crosses(owner, between):
            yield territory.finding(
                rules.MANY_TO_MANY,
                owner=owner or between,
                source=source,
                target=through._meta.label,
                detail=f"{source} goes through {through._meta.label}, a table of {territory.named(between)}.",
                at=model,
                line_of=field.name,
            )


def _rule_of(field: Field[Any, Any], target: str) -> Rule:
    if getattr(field, "swappable_setting", None) == "AUTH_USER_MODEL":
        return rules.USER_MODEL
    if target == CONTENT_TYPE:
        return rules.GENERIC_RELATION
    return rules.MANY_TO_MANY if isinstance(field, ManyToManyField) else rules.FOREIGN_KEY


def _way_back(
    territory: Territory, owner: str, model: type[Model], field: Any, related: type[Model] | str
) -> Iterator[Finding]:
    hidden = field.remote_field.hidden if hasattr(field.remote_field, "hidden") else field.remote_field.is_hidden()
    # Of the platform's models nobody in a module may hold one, so that nobody can follow it back.
    if isinstance(related, str) or hidden or not territory.is_module(territory.owner_of_model(related)):
        return
    accessor = field.remote_field.get_accessor_name()
    yield territory.finding(
        rules.REVERSE_ACCESSOR,
        owner=owner,
        source=f"{related._meta.label}.{accessor}",
        target=model._meta.label,
        detail=f"{related._meta.label} got {accessor!r} from {model._meta.label}.{field.name}, and look-ups by"
        f" {field.related_query_name()!r}.",
        at=model,
        line_of=field.name,
    )


def _by_content_type(territory: Territory, owner: str, model: type[Model]) -> Iterator[Finding]:
    if not territory.apps.is_installed("django.contrib.contenttypes"):
        return
    from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation

    for field in model._meta.private_fields:
        source = f"{model._meta.label}.{field.name}"
        if isinstance(field, GenericForeignKey) and territory.is_module(owner):
            target, detail = CONTENT_TYPE, f"{source} can lead to any model of any module."
        elif isinstance(field, GenericRelation) and territory.reaches(owner, field.related_model):
            target = field.related_model._meta.label
            detail = f"{source} collects rows of {target}, by content type."
        else:
            continue
        yield territory.finding(
            rules.GENERIC_RELATION,
            owner=owner,
            source=source,
            target=target,
            detail=detail,
            at=model,
            line_of=field.name,
        )
