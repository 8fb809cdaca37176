"""The aliases that have a database in this process."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def served() -> dict[str, dict[str, Any]]:
    """Return Django's database settings of each alias; Django demands a `default`, which a service leaves empty."""
    return {alias: login for alias, login in settings.DATABASES.items() if login.get("NAME")}
