"""Typed reading of environment variables, with errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


class Environment:
    """The process's environment variables, each read by name and type; without a default it must be set."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str | None = None) -> str:
        value = self._variables.get(name, "").strip() or default
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set. Set it in the environment; README.md names each variable.")
        return value

    def given(self, name: str) -> bool:
        return bool(self._variables.get(name, "").strip())

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value in {"1", "yes", "true", "on"}:
            return True
        if value in {"0", "no", "false", "off"}:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}; write yes or no.")

    def number(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        value = self.text(name, None if default is None else str(default))
        if not value.isdigit() or int(value) < least:
            raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number of at least {least}.")
        return int(value)

    def words(self, name: str, default: str = "") -> list[str]:
        """Return the comma-separated words of a variable."""
        return [word.strip() for word in self.text(name, default or " ").split(",") if word.strip()]

    def database(self, name: str, default: str | None = None) -> dict[str, Any]:
        """Return Django's database settings for the PostgreSQL URL in `name`."""
        url = self.text(name, default)
        if not url.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{name} must be a URL like postgresql://user:password@host:5432/database.")
        return cast("dict[str, Any]", dj_database_url.parse(url))
