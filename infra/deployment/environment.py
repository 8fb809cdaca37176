"""Typed reading of environment variables, with errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

WHERE_EXPLAINED = "infra/deployment/README.md names each variable"


class Environment:
    """The process's environment variables, each read by name and type; without a default it must be set.

    A variable that is empty or blank counts as not set. Every refusal is an `ImproperlyConfigured` with the variable's name
    and what to write; values that may hold a secret are not repeated.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def given(self, name: str) -> bool:
        return bool(self._variables.get(name, "").strip())

    def text(self, name: str, default: str | None = None) -> str:
        value = self._variables.get(name, "").strip() or default
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set. Set it in the environment; {WHERE_EXPLAINED}.")
        return value

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in among:
            raise ImproperlyConfigured(f"{name} is {value!r}; write one of: {', '.join(among)}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "yes" if default else "no").lower()
        if value in {"1", "yes", "true", "on"}:
            return True
        if value in {"0", "no", "false", "off"}:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}; write yes or no.")

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int | None = None) -> int:
        value = self.text(name, None if default is None else str(default))
        number = int(value) if value.isascii() and value.isdigit() else -1
        if number < least or (most is not None and number > most):
            span = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number {span}.")
        return number

    def words(self, name: str, default: str | None = None) -> list[str]:
        """Return the comma-separated words of a variable; with the default "" it may be missing."""
        if default == "" and not self.given(name):
            return []
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def address(self, name: str, schemes: tuple[str, ...]) -> str:
        """Return a URL with one of the schemes and a host, or "" when the variable is not set."""
        if not self.given(name):
            return ""
        url = self.text(name)
        try:
            parts = urlsplit(url)
            understood = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            understood = False
        if not understood:
            raise ImproperlyConfigured(
                f"{name} is not a URL that begins with {' or '.join(f'{each}://' for each in schemes)}."
            )
        return url

    def url(self, name: str, default: str | None = None) -> str:
        """Return a PostgreSQL URL."""
        url = self.text(name, default)
        complaint = f"{name} is not a URL like postgresql://user:password@host:5432/database"
        if not url.startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{complaint}.")
        try:
            parts = urlsplit(url)
            missing = [
                part
                for part, value in (
                    ("host", parts.hostname),
                    ("user", parts.username),
                    ("database", parts.path.strip("/")),
                )
                if not value
            ]
            _ = parts.port  # raises for what is no port
        except ValueError:
            raise ImproperlyConfigured(f"{complaint}: its host or port cannot be read.") from None
        if missing:
            raise ImproperlyConfigured(f"{complaint}: its {' and '.join(missing)} is missing.")
        return url

    def database(self, name: str, default: str | None = None) -> dict[str, Any]:
        """Return Django's database settings for the PostgreSQL URL in `name`."""
        return cast("dict[str, Any]", dj_database_url.parse(self.url(name, default)))
