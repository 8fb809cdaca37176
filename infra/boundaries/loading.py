"""Loading what an operator names in settings: any package's class, except another module's."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


def configured(path: str, *, module: str) -> Any:
    """Return what a dotted path from settings names.

    Args:
        module: who asks for it.

    Raises:
        ImproperlyConfigured: it belongs to another module, or is not there.
    """
    home = apps.get_containing_app_config(path)
    if home is not None and home.label in settings.MODULES and home.label != module:
        raise ImproperlyConfigured(
            f"{module} is configured to use {path!r}, which is internal to {home.label}. Name a class of {module} or of a"
            f" package that is no module; what {home.label} can do, {module} asks by its contract."
        )
    try:
        return import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{module} is configured to use {path!r}, which cannot be imported: {error}"
        ) from error
