"""Models that are, wholly or in part, another module's: inherited, proxied, labelled, patched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.utils.functional import cached_property

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding

_WRAPPED = (property, cached_property, classmethod, staticmethod)


def check(territory: Territory) -> Iterator[Finding]:
    """Yield what models take from, or give to, another module."""
    for owner, model in territory.models():
        if not model._meta.auto_created:
            yield from _inheritance(territory, owner, model)
            yield from _label(territory, owner, model)
            yield from _parts(territory, owner, model)
    yield from _apps_without_manifest(territory)


def _inheritance(territory: Territory, owner: str, model: type[Model]) -> Iterator[Finding]:
    for base in model.__mro__[1:]:
        options = getattr(base, "_meta", None)
        if options is None or not issubclass(base, Model):
            continue
        # An abstract model has no table: it belongs to who wrote it, and those of libraries are there to be inherited.
        other = territory.owner_of(base.__module__) if options.abstract else territory.owner_of_model(base)
        if not territory.crosses(owner, other) or (options.abstract and not other):
            continue
        is_proxy = model._meta.proxy and not options.abstract
        yield territory.finding(
            rules.PROXY if is_proxy else rules.INHERITANCE,
            owner=owner or other,
            source=model._meta.label,
            target=options.label,
            detail=f"{model._meta.label} {'is a proxy of' if is_proxy else 'inherits from'} {options.label} of"
            f" {territory.named(other)}.",
            at=model,
        )
        return  # what the base inherits in turn is the base's affair


def _label(territory: Territory, owner: str, model: type[Model]) -> Iterator[Finding]:
    writer = territory.owner_of(model.__module__)
    if writer and territory.crosses(owner, writer):
        yield territory.finding(
            rules.ANOTHERS_LABEL,
            owner=writer,
            source=dotted_name(model),
            target=model._meta.label,
            detail=f"The class stands in {model.__module__} of {territory.named(writer)}, and its app_label"
            f" {model._meta.app_label!r} makes it a model of {territory.named(owner)}.",
            at=model,
            line_of="app_label",
        )


def _parts(territory: Territory, owner: str, model: type[Model]) -> Iterator[Finding]:
    """Yield code of another module that hangs on a model."""
    writer = territory.owner_of(model.__module__)
    if not territory.is_module(owner) or writer != owner:
        return
    for name, part in _code_on(model):
        other = territory.owner_of_code(part)
        if other and territory.crosses(owner, other) and not territory.is_public(getattr(part, "__module__", "")):
            yield territory.finding(
                rules.FOREIGN_PART,
                owner=other,
                source=dotted_name(part),
                target=f"{model._meta.label}.{name}",
                detail=f"{model._meta.label}.{name} is {dotted_name(part)}, code of {territory.named(other)}.",
                at=part,
            )


def _code_on(model: type[Model]) -> Iterator[tuple[str, Any]]:
    managers = {manager.name: manager for manager in model._meta.managers}
    for name, value in tuple(vars(model).items()):
        is_model = isinstance(value, type) and issubclass(value, Model)
        if name not in managers and not is_model and (callable(value) or isinstance(value, _WRAPPED)):
            yield name, value
    for name, manager in managers.items():
        yield name, manager
        if queryset := getattr(manager, "_queryset_class", None):
            yield name, queryset
    for field in model._meta.local_fields:
        yield field.name, field
        for argument in ("default", "upload_to", "_limit_choices_to"):
            if callable(value := getattr(field, argument, None)):
                yield f"{field.name}.{argument.lstrip('_')}", value
        for validator in vars(field)["_validators"]:  # its own; those of its kind are Django's
            yield f"{field.name}.validators", validator


def _apps_without_manifest(territory: Territory) -> Iterator[Finding]:
    houses = {package.rpartition(".")[0] for package in territory.packages} - {""}
    for config in territory.apps.get_app_configs():
        house = config.name.rpartition(".")[0]
        # In a house that is one app itself (proj/, with proj/stock/) other apps are the composition root's.
        if house in houses and config.name not in territory.packages and not territory.owner_of(config.name):
            yield territory.finding(
                rules.APP_WITHOUT_MANIFEST,
                owner=config.label,
                source=config.name,
                target=f"{config.name}.manifest",
                detail=f"{config.name} is an installed app beside {_examples(territory, house)}, and has no manifest.",
                at=config.module,
            )


def _examples(territory: Territory, house: str) -> str:
    return " and ".join(sorted(package for package in territory.packages if package.startswith(f"{house}."))[:2])
