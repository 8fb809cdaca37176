"""The audit of a loaded project: every rule of this layer, over what Django, Celery and the plumbing have registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.apps import apps as loaded_apps
from django.apps.registry import Apps

from infra.boundaries.application import (
    addresses,
    admin_pages,
    holdings,
    migrations,
    models,
    presentation,
    process,
    relations,
    signals,
    tables,
    tasks,
    templates,
    wiring,
)
from infra.boundaries.application.territory import Territory
from infra.boundaries.findings import Finding, in_order
from infra.boundaries.manifest import Manifest

# Addresses and tasks come first: they load the code that the others look at.
_CHECKS: tuple[Callable[[Territory], Iterator[Finding]], ...] = (
    addresses.check,
    tasks.check,
    relations.check,
    models.check,
    tables.check,
    migrations.check,
    signals.check,
    templates.check,
    admin_pages.check,
    presentation.check,
    wiring.check,
    process.check,
    holdings.check,
)


def audit(manifests: Iterable[Manifest], apps: Apps = loaded_apps) -> list[Finding]:
    """Return what the loaded project holds that crosses a border; it needs settings and apps, and no database.

    What is not loaded it cannot see: addresses, tasks and admin pages are imported, other files only if something needs them.
    """
    territory = Territory(manifests, apps)
    return in_order(found for look in _CHECKS for found in look(territory))
