"""A model belongs to one alias, and nothing relates across."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import router
from django.db.models import Model

from infra.databases.router import PLUMBING_LABELS, ModuleRouter, alias_of


def models_of(alias: str) -> list[type[Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in PLUMBING_LABELS and alias_of(model._meta.app_label) == alias
    ]


@pytest.mark.parametrize("alias", settings.ALIASES)
def test_each_alias_has_models_and_they_are_read_written_and_migrated_there_only(alias: str) -> None:
    assert models_of(alias)
    for model in models_of(alias):
        assert router.db_for_read(model) == router.db_for_write(model) == alias
        for other in settings.ALIASES:
            assert router.allow_migrate(other, model._meta.app_label) == (other == alias)


def test_rows_of_two_modules_cannot_be_related() -> None:
    order, product = models_of("orders")[0](), models_of("catalog")[0]()

    assert not router.allow_relation(order, product)
    assert not router.allow_relation(order, Permission())
    assert router.allow_relation(order, models_of("orders")[-1]())


def test_no_relation_that_a_model_declares_leaves_its_alias() -> None:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            target = field.related_model
            if isinstance(target, type) and model._meta.app_label not in PLUMBING_LABELS:
                assert alias_of(model._meta.app_label) == alias_of(target._meta.app_label), field


@pytest.mark.parametrize("label", sorted(PLUMBING_LABELS))
def test_plumbing_stands_in_every_schema_and_must_be_addressed(label: str) -> None:
    for alias in settings.ALIASES:
        assert ModuleRouter().allow_migrate(alias, label)
    for model in apps.get_app_config(label).get_models():
        assert ModuleRouter().db_for_read(model) is None


def test_an_app_that_is_not_installed_is_migrated_nowhere() -> None:
    assert not any(ModuleRouter().allow_migrate(alias, "stranger") for alias in settings.ALIASES)
