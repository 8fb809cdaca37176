"""Where in the code something happened, and whose code that is."""

from __future__ import annotations

import os
import sys
from functools import cache
from types import FrameType
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

# What stands between the code that does something and the guard that notices.
MACHINERY = (
    "infra.contracts",
    "infra.events",
    "infra.databases",
    "infra.boundaries",
    "django",
    "psycopg",
    "contextlib",
)


class CallSite(NamedTuple):
    """A line of code."""

    name: str  # dotted, with the function
    module: str  # whose code it is; the first package where it is no module's
    path: str  # from the project's root where it lies below it
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} in {self.name.rpartition('.')[2]}"


def call_site() -> CallSite:
    """Return the innermost place outside of the machinery."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not _is_machinery(name):
            code = frame.f_code
            return CallSite(f"{name}.{code.co_qualname}", owner_of(name), shown(code.co_filename), frame.f_lineno)
        frame = frame.f_back
    return CallSite("an unknown place", "", "", 0)


def owner_of(name: str) -> str:
    """Return the module that a Python module belongs to; its first package where it is no module's."""
    return module_of(name) or name.partition(".")[0]


@cache  # as many as there are Python modules
def module_of(name: str) -> str | None:
    """Return the module that a Python module belongs to, None where it is no module's."""
    for label in settings.MODULES:
        package = apps.get_app_config(label).name
        if name == package or name.startswith(f"{package}."):
            return str(label)
    return None


@cache
def shown(path: str) -> str:
    """Return a file's path as people write it: from the project's root."""
    relative = os.path.relpath(path, settings.BASE_DIR)
    return path if relative.startswith("..") else relative


@cache
def _is_machinery(name: str) -> bool:
    return name.startswith(tuple(f"{package}." for package in MACHINERY)) or name in MACHINERY
