"""Each model lives on the alias of its module; nothing relates across."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model

# Tables of the plumbing (outbox, inbox, idempotency keys, schedule) stand in every schema, so that they move with their module.
PLUMBING_LABELS = frozenset({"events", "idempotency", "schedule"})


def alias_of(app_label: str) -> str:
    """Return the database alias of an app: its own for a module, `default` for Django's and the composition root's."""
    return app_label if app_label in settings.DATABASES else "default"


class ModuleRouter:
    """Send each module's models to its own alias, and refuse relations and migrations across."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        if model._meta.app_label in PLUMBING_LABELS:
            return None  # every use names its alias
        return alias_of(model._meta.app_label)

    db_for_write = db_for_read

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        return alias_of(first._meta.app_label) == alias_of(second._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if app_label in PLUMBING_LABELS:
            return True
        if app_label not in {config.label for config in apps.get_app_configs()}:
            return False
        return alias_of(app_label) == db
