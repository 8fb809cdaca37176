"""On which table, and in whose database, each model stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Model

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, is_plumbing
from infra.boundaries.findings import Finding


def check(territory: Territory) -> Iterator[Finding]:
    """Yield models on tables that are not their module's, and models that another database gets."""
    plumbing = {model._meta.db_table: model for model in territory.apps.get_models() if is_plumbing(model)}
    platform = {
        model._meta.db_table: model
        for owner, model in territory.models()
        if model._meta.managed and not territory.is_module(owner)
    }
    unnamed: dict[str, dict[str, type[Model]]] = defaultdict(dict)
    for owner, model in territory.models():
        if model._meta.proxy or model._meta.swapped:
            continue
        table = _bare(model._meta.db_table)
        other = _owner_of_table(territory, model._meta.db_table)
        if other is not None and territory.crosses(owner, other):
            yield _on_anothers(territory, owner, model, territory.named(other), owner or other)
        elif other is None and territory.is_module(owner):
            if foreign := plumbing.get(table) or platform.get(table):
                yield _on_anothers(territory, owner, model, f"the app {foreign._meta.app_label}", owner)
            elif not model._meta.managed or model._meta.app_label != owner:
                # The managed tables of a module's own label are held against its manifest, both ways, by BND010 and BND011.
                yield _on_nobodys(territory, owner, model)
            unnamed[table].setdefault(owner, model)
    yield from _shared(territory, unnamed)
    yield from _routes(territory)


def _bare(table: str) -> str:
    """Return a table's own name: 'stock"."item' is written, with these quotes, to reach into another schema."""
    return table.replace('"', "").rpartition(".")[2]


def _owner_of_table(territory: Territory, table: str) -> str | None:
    schema = table.replace('"', "").rpartition(".")[0]
    if schema in territory.schema_owners:
        return territory.schema_owners[schema]
    return territory.table_owners.get(_bare(table))


def _on_anothers(territory: Territory, owner: str, model: type[Model], whose: str, blamed: str) -> Finding:
    table = model._meta.db_table.replace('"', "")
    return territory.finding(
        rules.ANOTHERS_TABLE,
        owner=blamed,
        source=model._meta.label,
        target=f"table {table}",
        detail=f"{'Unmanaged' if not model._meta.managed else 'Managed'} model {model._meta.label} of"
        f" {territory.named(owner)} stands on {table}, a table of {whose}.",
        at=model._meta.auto_created or model,
        line_of="db_table",
    )


def _on_nobodys(territory: Territory, owner: str, model: type[Model]) -> Finding:
    return territory.finding(
        rules.NOBODYS_TABLE,
        owner=owner,
        source=model._meta.label,
        target=f"table {model._meta.db_table}",
        detail=f"{model._meta.label} of {owner} stands on {model._meta.db_table}"
        + (", is unmanaged" if not model._meta.managed else "")
        + ", and no manifest names that table.",
        at=model,
        line_of="db_table",
    )


def _shared(territory: Territory, unnamed: dict[str, dict[str, type[Model]]]) -> Iterator[Finding]:
    for table, models in sorted(unnamed.items()):
        (_, first), *others = sorted(models.items())
        for owner, model in others:
            yield territory.finding(
                rules.TWO_ON_ONE_TABLE,
                owner=owner,
                source=model._meta.label,
                target=f"table {table}",
                detail=f"{model._meta.label} and {first._meta.label} both stand on {table}, which no manifest names.",
                at=model._meta.auto_created or model,
                line_of="db_table",
            )


def _routes(territory: Territory) -> Iterator[Finding]:
    modules = [alias for alias in settings.DATABASES if territory.is_module(alias)]
    for owner, model in territory.models():
        if model._meta.swapped or model._meta.auto_created or model._meta.proxy:
            continue
        used = {router.db_for_read(model), router.db_for_write(model)} if territory.is_module(owner) else set()
        used |= {manager._db for manager in model._meta.managers if manager._db}
        used |= {alias for alias in modules if model._meta.managed and router.allow_migrate_model(alias, model)}
        astray = {alias for alias in used if territory.is_module(alias) and alias != owner}
        if owner in modules and DEFAULT_DB_ALIAS in used:
            astray.add(DEFAULT_DB_ALIAS)
        for alias in sorted(astray):
            yield territory.finding(
                rules.ROUTED_ELSEWHERE,
                owner=owner or alias,
                source=model._meta.label,
                target=f"alias {alias}",
                detail=f"{model._meta.label} of {territory.named(owner)} is read, written or migrated on the alias {alias}.",
                at=model,
            )
